using System.Collections;
using TorchSharp.Interop;

namespace TorchSharp.Utils;

/// <summary>Reads and writes the elements of a CPU tensor in row-major order, whatever its strides.</summary>
/// <typeparam name="T">The element type.</typeparam>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor _tensor;
    private readonly T* _data;
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly bool _isContiguous;

    internal TensorAccessor(torch.Tensor tensor)
    {
        Native.Check(Native.rt_data(tensor.Handle, out var data));
        _tensor = tensor;
        _data = (T*)data;
        _shape = tensor.shape;
        _strides = tensor.stride();
        _isContiguous = tensor.is_contiguous();
    }

    /// <summary>Number of elements.</summary>
    public long Count => _tensor.numel();

    /// <summary>Always false.</summary>
    public bool IsReadOnly => false;

    /// <summary>One element by its flat row-major position, or by one index per dimension.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such element.</exception>
    public T this[params long[] indices]
    {
        get => _data[Position(indices)];
        set => _data[Position(indices)] = value;
    }

    /// <summary>All elements.</summary>
    public T[] ToArray()
    {
        var values = new T[Count];
        CopyTo(values.AsSpan());
        return values;
    }

    /// <summary>Copies elements from a flat position on into an array.</summary>
    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    /// <summary>Copies elements from a flat position on until the span or the tensor ends.</summary>
    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var target = array[arrayIndex..];
        var count = (int)Math.Min(target.Length, Count - tensorIndex);
        if (_isContiguous)
        {
            new ReadOnlySpan<T>(_data + tensorIndex, count).CopyTo(target);
            return;
        }

        for (var i = 0; i < count; i++)
        {
            target[i] = _data[Offset(tensorIndex + i)];
        }
    }

    /// <summary>Overwrites elements from a flat position on with those of an array.</summary>
    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    /// <summary>Overwrites elements from a flat position on until the span or the tensor ends.</summary>
    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var source = array[arrayIndex..];
        var count = (int)Math.Min(source.Length, Count - tensorIndex);
        if (_isContiguous)
        {
            source[..count].CopyTo(new Span<T>(_data + tensorIndex, count));
            return;
        }

        for (var i = 0; i < count; i++)
        {
            _data[Offset(tensorIndex + i)] = source[i];
        }
    }

    /// <summary>Enumerates the elements in row-major order.</summary>
    public IEnumerator<T> GetEnumerator()
    {
        for (var i = 0L; i < Count; i++)
        {
            yield return Read(i);
        }
    }

    /// <summary>Nothing to release: the tensor keeps its owner.</summary>
    public void Dispose()
    {
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private T Read(long flat) => _data[Offset(flat)];

    private long Position(long[] indices)
    {
        if (indices.Length == 1)
        {
            return indices[0] >= 0 && indices[0] < Count
                ? Offset(indices[0])
                : throw new IndexOutOfRangeException($"element {indices[0]} of {Count}");
        }

        if (indices.Length != _shape.Length)
        {
            throw new IndexOutOfRangeException($"{indices.Length} indices into {_shape.Length} dimensions");
        }

        var offset = 0L;
        for (var dim = 0; dim < indices.Length; dim++)
        {
            if (indices[dim] < 0 || indices[dim] >= _shape[dim])
            {
                throw new IndexOutOfRangeException($"index {indices[dim]} of dimension {dim}, which has size {_shape[dim]}");
            }

            offset += indices[dim] * _strides[dim];
        }

        return offset;
    }

    private long Offset(long flat)
    {
        if (_isContiguous)
        {
            return flat;
        }

        var offset = 0L;
        for (var dim = _shape.Length - 1; dim >= 0; dim--)
        {
            (flat, var index) = Math.DivRem(flat, _shape[dim]);
            offset += index * _strides[dim];
        }

        return offset;
    }
}
