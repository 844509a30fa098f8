using System.Runtime.InteropServices;
using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Protocol;

/// <summary>Spans to and from tensors on the wire. Reading copies nothing; writing copies once.</summary>
public static class TensorCodec
{
    // More than any column needs, few enough for an error message.
    private const int MostDimensions = 16;

    /// <summary>Bytes per element; 0 for an unknown type.</summary>
    public static int SizeOf(DataType type) => type switch
    {
        DataType.Float32 or DataType.Int32 => 4,
        DataType.Float64 or DataType.Int64 => 8,
        DataType.Uint8 => 1,
        _ => 0,
    };

    /// <summary>The wire type of a managed element type.</summary>
    /// <exception cref="NotSupportedException">There is none.</exception>
    public static DataType TypeOf<T>()
        where T : unmanaged => default(T) switch
        {
            float => DataType.Float32,
            double => DataType.Float64,
            int => DataType.Int32,
            long => DataType.Int64,
            byte => DataType.Uint8,
            _ => throw new NotSupportedException($"{typeof(T).Name} is not an element type of tensors"),
        };

    /// <summary>The bytes of a span, little-endian as every platform that .NET runs on.</summary>
    public static ByteString ToByteString<T>(ReadOnlySpan<T> values)
        where T : unmanaged => ByteString.CopyFrom(MemoryMarshal.AsBytes(values));

    /// <summary>A tensor with a copy of these elements.</summary>
    /// <exception cref="ArgumentException">The shape has another number of elements, or is none.</exception>
    public static Tensor ToTensor<T>(ReadOnlySpan<T> values, params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        var tensor = new Tensor { Type = TypeOf<T>(), Data = ToByteString(values) };
        foreach (var size in shape)
        {
            tensor.Shape.Add(size);
        }

        return Problem(tensor) is not { } problem ? tensor : throw new ArgumentException($"the tensor {problem}", nameof(shape));
    }

    /// <summary>
    /// Why a tensor is malformed: an unknown type, a negative, overflowing or endless shape, or the wrong number of bytes; null when it is
    /// fine.
    /// </summary>
    public static string? Problem(Tensor? tensor)
    {
        if (tensor is null)
        {
            return "has no tensor";
        }

        var size = SizeOf(tensor.Type);
        if (size == 0)
        {
            return $"has the unknown type {(int)tensor.Type}";
        }

        if (tensor.Shape.Count > MostDimensions)
        {
            return $"has {tensor.Shape.Count} dimensions where at most {MostDimensions} are allowed";
        }

        decimal bytes = size;
        foreach (var dimension in tensor.Shape)
        {
            bytes *= dimension;
            if (dimension < 0 || bytes > int.MaxValue)
            {
                return $"has the impossible shape [{string.Join(", ", tensor.Shape)}]";
            }
        }

        return bytes == tensor.Data.Length
            ? null
            : $"holds {tensor.Data.Length} bytes where its shape [{string.Join(", ", tensor.Shape)}] needs {bytes}";
    }

    /// <summary>The elements, in place.</summary>
    /// <exception cref="InvalidDataException">Another type or shape, or malformed.</exception>
    public static ReadOnlySpan<T> Read<T>(Tensor tensor, string name, params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        if (Problem(tensor) is { } problem)
        {
            throw new InvalidDataException($"column '{name}' {problem}");
        }

        var fits = tensor.Type == TypeOf<T>() && tensor.Shape.Count == shape.Length;
        for (var i = 0; fits && i < shape.Length; i++)
        {
            fits = tensor.Shape[i] == shape[i];
        }

        return fits
            ? MemoryMarshal.Cast<byte, T>(tensor.Data.Span)
            : throw new InvalidDataException(
                $"column '{name}' is {tensor.Type} [{string.Join(", ", tensor.Shape)}] where "
                    + $"{TypeOf<T>()} [{string.Join(", ", shape.ToArray())}] is expected");
    }
}
