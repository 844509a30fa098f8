using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace TorchSharp.Interop;

/// <summary>
/// The C ABI of native/torch: a function that makes a tensor returns its handle or 0, the others 0 or an error status; after either
/// <see cref="Error"/> has libtorch's message.
/// </summary>
internal static unsafe partial class Native
{
    private const string Library = "rapid_torch";

    /// <summary>
    /// Distributions build libtorch with Open MPI, whose UCX takes the signal away, when it is loaded, that .NET makes null reference
    /// exceptions of. Empty, unless the user wants it otherwise, this list leaves all signals alone.
    /// </summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "must happen before the library is loaded, which any of the functions here may do")]
    internal static void KeepSignals()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = setenv("UCX_ERROR_SIGNALS", "", overwrite: 0);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport(Library)] private static partial byte* rt_last_error();

    /// <summary>What the last failed call on this thread said.</summary>
    internal static ExternalException Error() => new(Marshal.PtrToStringUTF8((nint)rt_last_error()));

    /// <summary>Throws libtorch's message if the status says so.</summary>
    internal static void Check(int status)
    {
        if (status != 0)
        {
            throw Error();
        }
    }
}
