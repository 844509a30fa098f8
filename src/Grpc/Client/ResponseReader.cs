using System.Buffers;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>Reads response messages; after the last one the trailers decide whether the call succeeded.</summary>
internal sealed class ResponseReader<TRequest, TResponse>(GrpcCall<TRequest, TResponse> call) : IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private readonly byte[] _header = new byte[MessageCodec.HeaderSize];
    private Stream? _stream;
    private string? _encoding;
    private TResponse? _current;
    private int _reading;

    public TResponse Current => _current ?? throw new InvalidOperationException("No current element is available.");

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            throw new InvalidOperationException("Can't read the next message because the previous read is still in progress.");
        }

        try
        {
            return await ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    private async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        _current = null;
        if (call.IsFinished)
        {
            return call.GetStatus().StatusCode == StatusCode.OK ? false : throw call.FailureOf();
        }

        using var registration = cancellationToken.Register(static state => ((GrpcCall<TRequest, TResponse>)state!).Abort(), call);
        try
        {
            _stream ??= await OpenAsync().ConfigureAwait(false);
            if (await FillAsync(_header).ConfigureAwait(false) is var count and < MessageCodec.HeaderSize)
            {
                if (count > 0)
                {
                    throw new RpcException(new Status(StatusCode.Internal, "Incomplete message."));
                }

                call.FinishFromTrailers();
                return call.GetStatus().StatusCode == StatusCode.OK ? false : throw call.FailureOf();
            }

            var (isCompressed, length) = MessageCodec.ParseHeader(_header, call.MaxReceiveMessageSize);
            var buffer = ArrayPool<byte>.Shared.Rent(length);
            try
            {
                if (await FillAsync(buffer.AsMemory(0, length)).ConfigureAwait(false) < length)
                {
                    throw new RpcException(new Status(StatusCode.Internal, "Incomplete message."));
                }

                _current = MessageCodec.Decode(
                    call.ResponseMarshaller, new ReadOnlySequence<byte>(buffer, 0, length), isCompressed,
                    _encoding, call.MaxReceiveMessageSize);
                return true;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        catch (Exception error)
        {
            // A response without messages carries its status in the headers, so the call may be over, and well, before it was opened.
            if (call.IsFinished && call.GetStatus().StatusCode == StatusCode.OK)
            {
                return false;
            }

            var failure = call.IsFinished ? call.FailureOf() : call.Fail(error);
            call.Abort();
            throw failure;
        }
    }

    private async Task<Stream> OpenAsync()
    {
        var response = await call.ResponseAsync.ConfigureAwait(false);
        _encoding = response.Headers.TryGetValues(GrpcHeaders.Encoding, out var values) ? values.First() : null;
        return await response.Content.ReadAsStreamAsync(call.Aborted).ConfigureAwait(false);
    }

    private async ValueTask<int> FillAsync(Memory<byte> buffer)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var count = await _stream!.ReadAsync(buffer[filled..], call.Aborted).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            filled += count;
        }

        return filled;
    }
}
