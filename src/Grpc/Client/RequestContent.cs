using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>Streams request messages into an HTTP/2 body that stays open until the caller completes it.</summary>
internal sealed class RequestContent<TRequest, TResponse> : HttpContent, IClientStreamWriter<TRequest>
    where TRequest : class
    where TResponse : class
{
    private readonly GrpcCall<TRequest, TResponse> _call;
    private readonly TRequest? _single;
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _writing;

    public RequestContent(GrpcCall<TRequest, TResponse> call, TRequest? single)
    {
        _call = call;
        _single = single;
        Headers.ContentType = new MediaTypeHeaderValue(GrpcHeaders.ContentType);
    }

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_completed.Task.IsCompleted)
        {
            throw _call.IsFinished ? _call.FailureOf() : new InvalidOperationException("Request stream has already been completed.");
        }

        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }

        try
        {
            var stream = await _stream.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            await WriteToAsync(stream, message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw await _call.WriteFailureAsync(error, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public Task CompleteAsync()
    {
        if (Volatile.Read(ref _writing) == 1)
        {
            throw new InvalidOperationException("Can't complete the client stream writer because the previous write is in progress.");
        }

        _completed.TrySetResult();
        return Task.CompletedTask;
    }

    /// <summary>
    /// The call is over: nothing more can be written. What is not complete resets the stream, so that the server stops too.
    /// </summary>
    public void Abort()
    {
        var over = new IOException("the call has ended");
        _stream.TrySetException(over);
        _ = _stream.Task.Exception;
        _completed.TrySetException(over);
        _ = _completed.Task.Exception;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_single is not null)
        {
            await WriteToAsync(stream, _single, cancellationToken).ConfigureAwait(false);
            return;
        }

        // Sends the headers before there is a message.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        _stream.TrySetResult(stream);
        await _completed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }

    private async ValueTask WriteToAsync(Stream stream, TRequest message, CancellationToken cancellation)
    {
        using var frame = _call.Encode(message, WriteOptions);
        await stream.WriteAsync(frame.Memory, cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
    }
}
