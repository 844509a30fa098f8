using System.Runtime.InteropServices;
using Rapid.Hosting;

namespace Rapid.Learner;

/// <summary>
/// The native half of TorchSharp. When it cannot be loaded, TorchSharp copies half a gigabyte and then blames a missing package; so it is loaded
/// before TorchSharp asks for it, and the loader's own words say what is wrong.
/// </summary>
internal static class TorchLibrary
{
    private const string FileName = "libLibTorchSharp.so";

    /// <summary>Loads it with libtorch, once for the process.</summary>
    /// <exception cref="ConfigurationException">Says what is missing and what to do.</exception>
    public static void Load() => Load(AppContext.BaseDirectory);

    /// <summary>Loads it from a folder.</summary>
    internal static void Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new ConfigurationException(
            [
                $"libtorch: {path} is missing: this program was built for {RuntimeInformation.RuntimeIdentifier}, for which there may be no "
                + "libtorch. The learner needs Linux on x86-64; actors, replay and evaluator run without it",
            ]);
        }

        try
        {
            NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            // .NET's advice comes first, the loader's own words last.
            var reason = error.Message.Trim().Split('\n')[^1];
            throw new ConfigurationException(
            [
                $"libtorch cannot be loaded: {reason}. A build with the package of libtorch (TorchRuntime) has all its files beside "
                + "the program: build anew. One without it (-p:TorchRuntime=none) finds them through LD_LIBRARY_PATH, which must lead to the "
                + "lib folder of a PyTorch of the same version",
            ]);
        }
    }
}
