using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Rapid.Environments.MuJoCo.Simulation;

/// <summary>A compiled model. Read-only once loaded, so environments on many threads share one.</summary>
internal sealed class MuJoCoModel : SafeHandle
{
    /// <summary>Seconds: MuJoCo itself takes any number, 0 and less too.</summary>
    private const double ShortestStep = 1e-6, LongestStep = 1;

    private static readonly ConcurrentDictionary<string, Lazy<MuJoCoModel>> Shared = new();
    private static readonly Dictionary<string, (FileStamps Files, WeakReference<MuJoCoModel> Model)> OfUsers = [];

    private MuJoCoModel(nint model, string source)
        : base(0, ownsHandle: true)
    {
        SetHandle(model);
        Source = source;
    }

    /// <summary>The file it was compiled from.</summary>
    public string Source { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>The model of a file that ships with Rapid; loaded once in the life of the process.</summary>
    public static MuJoCoModel Bundled(string file) =>
        Shared.GetOrAdd(file, name => new Lazy<MuJoCoModel>(() => Load(Path.Combine(AppContext.BaseDirectory, "models", name)))).Value;

    /// <summary>
    /// The model of a user's file, which environments share while any of them lives and neither the file nor any that it names changes.
    /// </summary>
    /// <exception cref="MuJoCoException">With MuJoCo's message.</exception>
    public static MuJoCoModel OfFile(string path)
    {
        var file = Path.GetFullPath(path);
        lock (OfUsers)
        {
            if (OfUsers.TryGetValue(file, out var known) && known.Files.AreFresh && known.Model.TryGetTarget(out var model))
            {
                return model;
            }

            foreach (var (forgotten, _) in OfUsers.Where(entry => !entry.Value.Model.TryGetTarget(out _)).ToArray())
            {
                OfUsers.Remove(forgotten);
            }

            var files = new FileStamps(ModelFiles.Of(file));
            model = Load(file);
            OfUsers[file] = (files, new WeakReference<MuJoCoModel>(model));
            return model;
        }
    }

    /// <summary>Compiles a model file.</summary>
    /// <exception cref="MuJoCoException">With MuJoCo's message, or because time does not pass in it.</exception>
    public static MuJoCoModel Load(string path)
    {
        MuJoCoNative.Check(MuJoCoNative.Load(path, out var model), $"cannot load the model '{path}'");
        var loaded = new MuJoCoModel(model, path);
        if (MuJoCoNative.Timestep(loaded) is var step && step is not (>= ShortestStep and <= LongestStep))
        {
            loaded.Dispose();
            throw new MuJoCoException(string.Create(
                CultureInfo.InvariantCulture,
                $"cannot use the model '{path}': its timestep is {step} seconds; allowed: {ShortestStep} to {LongestStep}"));
        }

        return loaded;
    }

    /// <summary>An array of the model as doubles, by its MuJoCo name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public double[] Array(string name)
    {
        if (MuJoCoNative.Array(this, name, out var data, out var count, out var type) == 0 || type < 0)
        {
            throw new KeyNotFoundException($"MuJoCo's model has no array of numbers '{name}'");
        }

        unsafe
        {
            return type switch
            {
                0 => new ReadOnlySpan<double>((void*)data, count).ToArray(),
                1 => [.. new ReadOnlySpan<int>((void*)data, count).ToArray().Select(value => (double)value)],
                2 => [.. new ReadOnlySpan<byte>((void*)data, count).ToArray().Select(value => (double)value)],
                _ => [.. new ReadOnlySpan<float>((void*)data, count).ToArray().Select(value => (double)value)],
            };
        }
    }

    /// <summary>The name of a part; empty when it has none.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="id">Its number among its kind.</param>
    public string NameOf(MuJoCoObject kind, int id) => MuJoCoNative.Name(this, kind, id);

    protected override bool ReleaseHandle()
    {
        MuJoCoNative.DeleteModel(handle);
        return true;
    }
}

/// <summary>The state of one simulation.</summary>
internal sealed class MuJoCoData : SafeHandle
{
    private MuJoCoData(nint data)
        : base(0, ownsHandle: true) => SetHandle(data);

    public override bool IsInvalid => handle == 0;

    public static MuJoCoData Create(MuJoCoModel model)
    {
        MuJoCoNative.Check(MuJoCoNative.MakeData(model, out var data), "cannot allocate a simulation");
        return new MuJoCoData(data);
    }

    protected override bool ReleaseHandle()
    {
        MuJoCoNative.DeleteData(handle);
        return true;
    }
}
