using System.Runtime.InteropServices;

namespace Rapid.Environments.MuJoCo.Simulation;

/// <summary>The C ABI of native/mujoco.</summary>
internal static partial class MuJoCoNative
{
    public const int Ok = 0, Failed = 1;

    private const string Library = "rapid_mujoco";

    [LibraryImport(Library, EntryPoint = "rapid_mj_version")]
    public static partial int Version();

    [LibraryImport(Library, EntryPoint = "rapid_mj_message")]
    private static partial nint MessagePointer();

    [LibraryImport(Library, EntryPoint = "rapid_mj_load", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Load(string path, out nint model);

    [LibraryImport(Library, EntryPoint = "rapid_mj_delete_model")]
    public static partial void DeleteModel(nint model);

    [LibraryImport(Library, EntryPoint = "rapid_mj_make_data")]
    public static partial int MakeData(MuJoCoModel model, out nint data);

    [LibraryImport(Library, EntryPoint = "rapid_mj_delete_data")]
    public static partial void DeleteData(nint data);

    [LibraryImport(Library, EntryPoint = "rapid_mj_timestep")]
    public static partial double Timestep(MuJoCoModel model);

    [LibraryImport(Library, EntryPoint = "rapid_mj_id", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Id(MuJoCoModel model, MuJoCoObject kind, string name);

    [LibraryImport(Library, EntryPoint = "rapid_mj_reset")]
    public static partial int Reset(MuJoCoModel model, MuJoCoData data, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities);

    [LibraryImport(Library, EntryPoint = "rapid_mj_step")]
    public static unsafe partial void Step(PhysicsJob* jobs, int count);

    [LibraryImport(Library, EntryPoint = "rapid_mj_forward")]
    public static partial int Forward(MuJoCoModel model, MuJoCoData data);

    [LibraryImport(Library, EntryPoint = "rapid_mj_contact_count")]
    public static partial int ContactCount(MuJoCoData data);

    [LibraryImport(Library, EntryPoint = "rapid_mj_name")]
    private static partial nint NamePointer(MuJoCoModel model, MuJoCoObject kind, int id);

    [LibraryImport(Library, EntryPoint = "rapid_mj_copy")]
    public static partial int Copy(MuJoCoModel model, MuJoCoData to, MuJoCoData from);

    [LibraryImport(Library, EntryPoint = "rapid_mj_state", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int State(MuJoCoModel model, MuJoCoData data, string name, out nint values, out int count);

    [LibraryImport(Library, EntryPoint = "rapid_mj_array", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Array(MuJoCoModel model, string name, out nint data, out int count, out int type);

    [LibraryImport(Library, EntryPoint = "rapid_mj_fail", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Fail(string text);

    /// <summary>MuJoCo's words for the last failure on this thread, on one line.</summary>
    public static string Message()
    {
        const StringSplitOptions Tidy = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        return string.Join(' ', (Marshal.PtrToStringUTF8(MessagePointer()) ?? "").Split('\n', Tidy));
    }

    /// <summary>The name of a part; empty when it has none.</summary>
    public static string Name(MuJoCoModel model, MuJoCoObject kind, int id) => Marshal.PtrToStringUTF8(NamePointer(model, kind, id)) ?? "";

    /// <summary>Throws MuJoCo's message when a call failed.</summary>
    public static void Check(int status, string what)
    {
        if (status == Failed)
        {
            throw new MuJoCoException($"{what}: {Message()}");
        }
    }
}

/// <summary>Kinds of named objects, as MuJoCo numbers them.</summary>
internal enum MuJoCoObject
{
    Body = 1,
    Joint = 3,
    Geom = 5,
    Site = 6,
    Camera = 7,
    Tendon = 17,
    Actuator = 18,
    Sensor = 19,
}

/// <summary>MuJoCo refused a model or failed inside.</summary>
/// <param name="message">What was tried, and MuJoCo's own message.</param>
public sealed class MuJoCoException(string message) : Exception(message);
