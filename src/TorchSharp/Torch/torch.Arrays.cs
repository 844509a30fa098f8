using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A tensor over the memory of an array of any rank, without a copy: both see each other's writes.</summary>
    /// <remarks>The array stays pinned until the last tensor that uses it is gone.</remarks>
    /// <exception cref="NotSupportedException">The array's elements are not a tensor element type.</exception>
    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device);

    /// <summary>A tensor over the memory of an array of any rank; a copy only where another type or device asks for one.</summary>
    /// <exception cref="NotSupportedException">The array's elements are not a tensor element type.</exception>
    public static Tensor from_array(Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false)
    {
        var shape = new long[rawArray.Rank];
        for (var dim = 0; dim < shape.Length; dim++)
        {
            shape[dim] = rawArray.GetLongLength(dim);
        }

        return Finished(Wrapped(rawArray, 0, shape), dtype, device, requires_grad);
    }

    /// <summary>A tensor over part of an array without a copy (unless the type differs): both see each other's writes.</summary>
    /// <param name="rawArray">The memory; it stays pinned until the last tensor that uses it is gone.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="count">How many elements; -1 for all from the offset.</param>
    /// <param name="offset">The first element.</param>
    /// <param name="requires_grad">Whether operations on the tensor are recorded.</param>
    /// <exception cref="ArgumentException">The offset is outside the array.</exception>
    /// <exception cref="IndexOutOfRangeException">The count is larger than what follows the offset.</exception>
    public static Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        if (offset < 0 || offset >= rawArray.LongLength)
        {
            throw new ArgumentException($"offset {offset} is outside an array of {rawArray.LongLength}", nameof(offset));
        }

        var available = rawArray.LongLength - offset;
        if (count > available)
        {
            throw new IndexOutOfRangeException($"{count} elements from offset {offset} are more than the array's {rawArray.LongLength}");
        }

        return Finished(Wrapped(rawArray, offset, [count < 0 ? available : count]), dtype, null, requires_grad);
    }

    /// <summary>A tensor over the memory of an array; see <see cref="from_array(Array, Device)"/>.</summary>
    public static Tensor as_tensor(Array data, ScalarType? dtype = null, Device? device = null) => from_array(data, dtype, device);

    /// <summary>The tensor itself in another type or place; the same memory if neither differs.</summary>
    public static Tensor as_tensor(Tensor data, ScalarType? dtype = null, Device? device = null) =>
        data.to(dtype ?? data.dtype, device ?? data.device);

    private static unsafe Tensor Wrapped(Array array, long offset, ReadOnlySpan<long> shape)
    {
        var type = ToScalarType(array.GetType().GetElementType()!);
        var pin = GCHandle.Alloc(array, GCHandleType.Pinned);
        var start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array)) + offset * type.ElementSize();
        var handle = Native.rt_from_blob((nint)start, shape, shape.Length, (int)type, &Unpin, GCHandle.ToIntPtr(pin));
        if (handle == 0)
        {
            pin.Free();
        }

        return Tensor.New(handle);
    }

    [UnmanagedCallersOnly]
    private static void Unpin(nint pin) => GCHandle.FromIntPtr(pin).Free();
}
