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
