using System.Runtime.InteropServices;

namespace Rapid.Policies.Kernels;

/// <summary>Floats in native memory, aligned to cache lines, that start as zeros.</summary>
internal sealed unsafe class NativeFloats : IDisposable
{
    private const int CacheLine = 64;

    /// <param name="length">Elements; 0 makes an empty buffer.</param>
    public NativeFloats(long length)
    {
        var bytes = (nuint)Math.Max(length, 1) * sizeof(float);
        Data = (float*)NativeMemory.AlignedAlloc(bytes, CacheLine);
        NativeMemory.Clear(Data, bytes);
    }

    /// <summary>Frees a buffer that nobody disposed.</summary>
    ~NativeFloats() => Free();

    /// <summary>The first element; null once disposed.</summary>
    public float* Data { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Data);
        Data = null;
    }
}
