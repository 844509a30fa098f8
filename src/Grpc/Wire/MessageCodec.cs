using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Grpc.Core;

namespace Grpc.Wire;

/// <summary>Length-prefixed messages: one byte that says whether it is compressed, four bytes of big-endian length, the payload.</summary>
internal static class MessageCodec
{
    public const int HeaderSize = 5;

    /// <summary>Serialises a message with its header into a pooled buffer.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: longer than <paramref name="maximum"/>.</exception>
    public static FrameBuffer Encode<T>(Marshaller<T> marshaller, T message, bool compress, CompressionLevel level, int? maximum)
    {
        var frame = new FrameBuffer();
        try
        {
            marshaller.ContextualSerializer(message, frame);
            if (maximum is { } limit && frame.PayloadLength > limit)
            {
                throw new RpcException(new Status(
                    StatusCode.ResourceExhausted,
                    $"Sending message exceeds the maximum configured message size: {frame.PayloadLength} > {limit} bytes."));
            }

            if (compress)
            {
                frame.Compress(level);
            }

            frame.Seal();
            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>Reads a header.</summary>
    /// <exception cref="RpcException">INTERNAL: the flag byte is neither 0 nor 1. RESOURCE_EXHAUSTED: too long.</exception>
    public static (bool IsCompressed, int Length) ParseHeader(ReadOnlySpan<byte> header, int? maximum)
    {
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (header[0] > 1)
        {
            throw new RpcException(new Status(StatusCode.Internal, "Unexpected compressed flag value in message header."));
        }

        if (length > int.MaxValue || (maximum is { } limit && length > limit))
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted,
                $"Received message exceeds the maximum configured message size: {length} > {maximum ?? int.MaxValue} bytes."));
        }

        return (header[0] == 1, (int)length);
    }

    /// <summary>Makes a message of a payload.</summary>
    /// <exception cref="RpcException">INTERNAL or UNIMPLEMENTED: compressed in a way that was not announced or is not known.</exception>
    public static T Decode<T>(Marshaller<T> marshaller, ReadOnlySequence<byte> payload, bool isCompressed, string? encoding, int? maximum)
    {
        if (!isCompressed)
        {
            return marshaller.ContextualDeserializer(new Payload(payload));
        }

        if (encoding is null or GrpcHeaders.Identity)
        {
            throw new RpcException(new Status(StatusCode.Internal, "Request did not include grpc-encoding value with compressed message."));
        }

        if (encoding != GrpcHeaders.Gzip)
        {
            throw new RpcException(new Status(
                StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: identity, gzip"));
        }

        return marshaller.ContextualDeserializer(new Payload(new ReadOnlySequence<byte>(Decompress(payload, maximum))));
    }

    private static byte[] Decompress(ReadOnlySequence<byte> payload, int? maximum)
    {
        using var source = new MemoryStream(payload.ToArray());
        using var gzip = new GZipStream(source, CompressionMode.Decompress);
        using var target = new MemoryStream();
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int count;
            while ((count = gzip.Read(chunk)) > 0)
            {
                target.Write(chunk, 0, count);
                if (maximum is { } limit && target.Length > limit)
                {
                    throw new RpcException(new Status(
                        StatusCode.ResourceExhausted,
                        $"Received message exceeds the maximum configured message size: more than {limit} bytes after decompression."));
                }
            }
        }
        catch (InvalidDataException error)
        {
            throw new RpcException(new Status(StatusCode.Internal, "Error decompressing the message.", error));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return target.ToArray();
    }

    private sealed class Payload(ReadOnlySequence<byte> payload) : DeserializationContext
    {
        public override int PayloadLength => (int)payload.Length;

        public override byte[] PayloadAsNewBuffer() => payload.ToArray();

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => payload;
    }
}

/// <summary>A message with its header in one pooled array, as it goes on the wire.</summary>
internal sealed class FrameBuffer : SerializationContext, IBufferWriter<byte>, IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(512);
    private int _length = MessageCodec.HeaderSize;
    private bool _isCompressed;

    public int PayloadLength => _length - MessageCodec.HeaderSize;

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    public override void SetPayloadLength(int payloadLength) => Reserve(payloadLength);

    public override IBufferWriter<byte> GetBufferWriter() => this;

    public override void Complete()
    {
    }

    public override void Complete(byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        Reserve(payload.Length);
        payload.CopyTo(_buffer, _length);
        _length += payload.Length;
    }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Compress(CompressionLevel level)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, level, leaveOpen: true))
        {
            gzip.Write(_buffer, MessageCodec.HeaderSize, PayloadLength);
        }

        _length = MessageCodec.HeaderSize;
        Complete(target.ToArray());
        _isCompressed = true;
    }

    public void Seal()
    {
        _buffer[0] = _isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(1), (uint)PayloadLength);
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    private void Reserve(int more)
    {
        if (_length + more <= _buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + more, 2 * _buffer.Length));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
