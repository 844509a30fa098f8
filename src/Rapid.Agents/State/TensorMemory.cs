using System.Runtime.InteropServices;
using Rapid.Policies.Kernels;
using static TorchSharp.torch;

namespace Rapid.Agents.State;

/// <summary>Moves numbers between managed memory and tensors without intermediate arrays.</summary>
internal static class TensorMemory
{
    /// <summary>The elements of a contiguous float32 tensor on the host, in place.</summary>
    public static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>The elements of a contiguous int64 tensor on the host, in place.</summary>
    public static Span<long> Longs(Tensor tensor) => MemoryMarshal.Cast<byte, long>(tensor.bytes);

    /// <summary>The memory of a float32 tensor on the host, which must outlive the view.</summary>
    /// <param name="tensor">[rows, columns], rows contiguous.</param>
    public static unsafe MatrixView Matrix(Tensor tensor)
    {
        using var row = tensor.select(0, 0);
        fixed (float* data = Floats(row))
        {
            // Tensors lie in native memory, which does not move when it is not pinned any more.
            return new MatrixView(data, (nint)tensor.stride(0));
        }
    }

    /// <summary>Copies a float32 tensor from any device.</summary>
    public static void CopyTo(Tensor source, Span<float> target)
    {
        using var scope = NewDisposeScope();
        Floats(source.detach().cpu().contiguous()).CopyTo(target);
    }
}
