using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Sampling;

/// <summary>A column of a batch whose bytes are written anew for each batch: the message refers to them, nothing is copied.</summary>
internal sealed class BatchColumn
{
    private byte[] _bytes;

    public BatchColumn(string name, DataType type, params ReadOnlySpan<long> shape)
    {
        Message = new Column { Name = name, Tensor = new Tensor { Type = type } };
        long bytes = Protocol.TensorCodec.SizeOf(type);
        foreach (var size in shape)
        {
            Message.Tensor.Shape.Add(size);
            bytes *= size;
        }

        _bytes = GC.AllocateUninitializedArray<byte>(checked((int)bytes), pinned: true);
        Message.Tensor.Data = UnsafeByteOperations.UnsafeWrap(_bytes);
    }

    public Column Message { get; }

    public Span<byte> Bytes => _bytes;

    /// <summary>Gives the column another number of rows.</summary>
    public Span<byte> Resize(int rows, int rowBytes)
    {
        if (_bytes.Length < rows * rowBytes)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(Math.Max(rows * rowBytes, 2 * _bytes.Length), pinned: true);
        }

        Message.Tensor.Shape[0] = rows;
        Message.Tensor.Data = UnsafeByteOperations.UnsafeWrap(_bytes.AsMemory(0, rows * rowBytes));
        return _bytes.AsSpan(0, rows * rowBytes);
    }
}
