using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A tensor of no dimensions.</summary>
    public static Tensor tensor(float scalar, Device? device = null, bool requires_grad = false) =>
        full([], scalar, ScalarType.Float32, device, requires_grad);

    /// <summary>A copy of the values in one dimension.</summary>
    public static Tensor tensor(float[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<float>(rawArray, [rawArray.Length], dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        float[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<float>(rawArray, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        Memory<float> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        Copied<float>(rawArray.Span, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of a matrix.</summary>
    public static Tensor tensor(float[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<float>(Flat<float>(rawArray), [rawArray.GetLength(0), rawArray.GetLength(1)], dtype, device, requires_grad);

    /// <summary>A tensor of no dimensions.</summary>
    public static Tensor tensor(double scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        full([], scalar, dtype ?? ScalarType.Float64, device, requires_grad);

    /// <summary>A copy of the values in one dimension.</summary>
    public static Tensor tensor(double[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<double>(rawArray, [rawArray.Length], dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        double[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<double>(rawArray, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        Memory<double> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        Copied<double>(rawArray.Span, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of a matrix.</summary>
    public static Tensor tensor(double[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<double>(Flat<double>(rawArray), [rawArray.GetLength(0), rawArray.GetLength(1)], dtype, device, requires_grad);

    /// <summary>A tensor of no dimensions.</summary>
    public static Tensor tensor(int scalar, Device? device = null, bool requires_grad = false) =>
        full([], scalar, ScalarType.Int32, device, requires_grad);

    /// <summary>A copy of the values in one dimension.</summary>
    public static Tensor tensor(int[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<int>(rawArray, [rawArray.Length], dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        int[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<int>(rawArray, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        Memory<int> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<int>(rawArray.Span, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of a matrix.</summary>
    public static Tensor tensor(int[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<int>(Flat<int>(rawArray), [rawArray.GetLength(0), rawArray.GetLength(1)], dtype, device, requires_grad);

    /// <summary>A tensor of no dimensions.</summary>
    public static Tensor tensor(long scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        full([], scalar, dtype ?? ScalarType.Int64, device, requires_grad);

    /// <summary>A copy of the values in one dimension.</summary>
    public static Tensor tensor(long[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<long>(dataArray, [dataArray.Length], dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        long[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<long>(dataArray, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        Memory<long> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        Copied<long>(rawArray.Span, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of a matrix.</summary>
    public static Tensor tensor(long[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<long>(Flat<long>(rawArray), [rawArray.GetLength(0), rawArray.GetLength(1)], dtype, device, requires_grad);

    /// <summary>A tensor of no dimensions.</summary>
    public static Tensor tensor(short scalar, Device? device = null, bool requires_grad = false) =>
        full([], scalar, ScalarType.Int16, device, requires_grad);

    /// <summary>A copy of the values in one dimension.</summary>
    public static Tensor tensor(short[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<short>(rawArray, [rawArray.Length], dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        short[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<short>(rawArray, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        Memory<short> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        Copied<short>(rawArray.Span, dimensions, dtype, device, requires_grad);

    /// <summary>A tensor of no dimensions.</summary>
    public static Tensor tensor(byte scalar, Device? device = null, bool requires_grad = false) =>
        full([], scalar, ScalarType.Byte, device, requires_grad);

    /// <summary>A copy of the values in one dimension.</summary>
    public static Tensor tensor(byte[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<byte>(rawArray, [rawArray.Length], dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        byte[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<byte>(rawArray, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        Memory<byte> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        Copied<byte>(rawArray.Span, dimensions, dtype, device, requires_grad);

    /// <summary>A tensor of no dimensions.</summary>
    public static Tensor tensor(sbyte scalar, Device? device = null, bool requires_grad = false) =>
        full([], scalar, ScalarType.Int8, device, requires_grad);

    /// <summary>A copy of the values in one dimension.</summary>
    public static Tensor tensor(sbyte[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<sbyte>(rawArray, [rawArray.Length], dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        sbyte[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<sbyte>(rawArray, dimensions, dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        Memory<sbyte> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false) =>
        Copied<sbyte>(rawArray.Span, dimensions, dtype, device, requires_grad);

    /// <summary>A tensor of no dimensions.</summary>
    public static Tensor tensor(bool scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        full([], scalar, dtype ?? ScalarType.Bool, device, requires_grad);

    /// <summary>A copy of the values in one dimension.</summary>
    public static Tensor tensor(bool[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<bool>(rawArray, [rawArray.Length], dtype, device, requires_grad);

    /// <summary>A copy of the values in the given shape.</summary>
    public static Tensor tensor(
        bool[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Copied<bool>(rawArray, dimensions, dtype, device, requires_grad);

    private static Span<T> Flat<T>(Array array) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);

    /// <summary>Copies the values once, straight into the memory of a new tensor.</summary>
    private static Tensor Copied<T>(
        ReadOnlySpan<T> values, ReadOnlySpan<long> dimensions, ScalarType? dtype, Device? device, bool requires_grad) where T : unmanaged
    {
        var count = Count(dimensions);
        if (count > values.Length)
        {
            throw new ArgumentException($"a tensor of {count} elements cannot be made from {values.Length} values", nameof(dimensions));
        }

        var tensor = empty(dimensions, ToScalarType(typeof(T)));
        MemoryMarshal.AsBytes(values[..(int)count]).CopyTo(tensor.bytes);
        return Finished(tensor, dtype, device, requires_grad);
    }

    private static Tensor Finished(Tensor tensor, ScalarType? dtype, Device? device, bool requires_grad)
    {
        if ((dtype ?? tensor.dtype) != tensor.dtype || (device?.type ?? DeviceType.CPU) != DeviceType.CPU)
        {
            tensor = tensor.to(dtype ?? tensor.dtype, device ?? CPU, disposeAfter: true);
        }

        return requires_grad ? tensor.requires_grad_() : tensor;
    }

    private static long Count(ReadOnlySpan<long> dimensions)
    {
        var count = 1L;
        foreach (var size in dimensions)
        {
            count *= size;
        }

        return count;
    }
}
