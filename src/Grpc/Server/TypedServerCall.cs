using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.Server;

/// <summary>The messages of one call.</summary>
internal sealed class ServerCall<TRequest, TResponse>(HttpContext context, GrpcServiceOptions options, Method<TRequest, TResponse> method)
    : ServerCall(context, options, method), IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>
    where TRequest : class
    where TResponse : class
{
    // RFC 9113, 6.9.2: what a peer may send before it hears of a larger window.
    private const int SmallestWindow = 65_535;

    private TRequest? _current;
    private int _writing;

    public TRequest Current => _current ?? throw new InvalidOperationException("No current element is available.");

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        _current = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return _current is not null;
    }

    /// <summary>The only request message of a unary or server-streaming call.</summary>
    public async Task<TRequest> ReadSingleAsync()
    {
        var request = await ReadAsync(CancellationToken).ConfigureAwait(false)
            ?? throw new RpcException(new Status(StatusCode.Internal, "Incomplete message."));
        return await ReadAsync(CancellationToken).ConfigureAwait(false) is null
            ? request
            : throw new RpcException(new Status(StatusCode.Internal, "Additional data after the message received."));
    }

    public Task WriteAsync(TResponse message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TResponse message, CancellationToken cancellationToken)
    {
        if (message is null)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "No message returned from method."));
        }

        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }

        try
        {
            CancellationToken.ThrowIfCancellationRequested();
            var compress = HttpContext.Response.Headers.ContainsKey(GrpcHeaders.Encoding)
                && WriteOptions?.Flags.HasFlag(WriteFlags.NoCompress) != true;
            using var frame = MessageCodec.Encode(
                method.ResponseMarshaller, message, compress,
                Options.ResponseCompressionLevel ?? CompressionLevel.Fastest, Options.MaxSendMessageSize);
            if (WriteOptions?.Flags.HasFlag(WriteFlags.BufferHint) == true)
            {
                // Leaves with the next message that is not held back, or with the end of the call.
                HttpContext.Response.BodyWriter.Write(frame.Memory.Span);
                return;
            }

            using var linked = Link(cancellationToken);
            var result = await HttpContext.Response.BodyWriter
                .WriteAsync(frame.Memory, linked?.Token ?? CancellationToken).ConfigureAwait(false);
            if (result.IsCompleted)
            {
                OnTransportGone();
                throw new OperationCanceledException("the client has gone");
            }
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    private async ValueTask<TRequest?> ReadAsync(CancellationToken cancellation)
    {
        var reader = HttpContext.Request.BodyReader;
        using var linked = Link(cancellation);
        var wanted = MessageCodec.HeaderSize;
        while (true)
        {
            CancellationToken.ThrowIfCancellationRequested();
            var result = await ReadBodyAsync(reader, wanted, linked?.Token ?? CancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            int missing;
            TRequest? message;
            try
            {
                missing = TryDecode(ref buffer, out message);
            }
            catch
            {
                reader.AdvanceTo(buffer.End);
                throw;
            }

            if (missing == 0)
            {
                reader.AdvanceTo(buffer.Start);
                return message;
            }

            if (result.IsCompleted)
            {
                reader.AdvanceTo(buffer.End);
                return buffer.IsEmpty ? null : throw new RpcException(new Status(StatusCode.Internal, "Incomplete message."));
            }

            // Waking up for every few kilobytes costs more than copying them; waiting for more than a window would wait for ever.
            wanted = (int)buffer.Length + Math.Min(missing, SmallestWindow / 2);
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private async ValueTask<ReadResult> ReadBodyAsync(PipeReader reader, int wanted, CancellationToken cancellation)
    {
        try
        {
            return await reader.ReadAtLeastAsync(wanted, cancellation).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            OnTransportGone();
            throw new OperationCanceledException("The client cancelled the call.", error, CancellationToken);
        }
    }

    /// <summary>The call's own token always counts; null when it is the only one.</summary>
    private CancellationTokenSource? Link(CancellationToken cancellation) => cancellation.CanBeCanceled && cancellation != CancellationToken
        ? CancellationTokenSource.CreateLinkedTokenSource(cancellation, CancellationToken)
        : null;

    /// <summary>Takes a message off the buffer's front, or says how many bytes it lacks at least.</summary>
    private int TryDecode(ref ReadOnlySequence<byte> buffer, out TRequest? message)
    {
        message = null;
        if (buffer.Length < MessageCodec.HeaderSize)
        {
            return MessageCodec.HeaderSize - (int)buffer.Length;
        }

        Span<byte> header = stackalloc byte[MessageCodec.HeaderSize];
        buffer.Slice(0, MessageCodec.HeaderSize).CopyTo(header);
        var (isCompressed, length) = MessageCodec.ParseHeader(header, Options.MaxReceiveMessageSize);
        if (buffer.Length < MessageCodec.HeaderSize + (long)length)
        {
            return (int)Math.Min(MessageCodec.HeaderSize + (long)length - buffer.Length, int.MaxValue);
        }

        var payload = buffer.Slice(MessageCodec.HeaderSize, length);
        try
        {
            message = MessageCodec.Decode(
                method.RequestMarshaller, payload, isCompressed,
                HttpContext.Request.Headers[GrpcHeaders.Encoding], Options.MaxReceiveMessageSize);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException error)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"Malformed message: {error.Message}", error));
        }

        buffer = buffer.Slice(payload.End);
        return 0;
    }
}
