using System.IO.Compression;
using System.Net;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>One call: sends the request, reads the response, and decides what the status is, whoever ended it.</summary>
internal sealed class GrpcCall<TRequest, TResponse> : IDisposable
    where TRequest : class
    where TResponse : class
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromMilliseconds(200);

    private readonly GrpcChannel _channel;
    private readonly Method<TRequest, TResponse> _method;
    private readonly CallOptions _options;
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource<Metadata> _headers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<HttpResponseMessage> _response = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Timer? _deadlineTimer;
    private readonly CancellationTokenRegistration _userCancellation;
    private readonly CancellationTokenRegistration _channelDisposal;
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RequestContent<TRequest, TResponse>? _content;
    private HttpResponseMessage? _message;
    private Outcome? _outcome;
    private volatile bool _deadlinePassed;

    public GrpcCall(GrpcChannel channel, Method<TRequest, TResponse> method, CallOptions options)
    {
        channel.ThrowIfDisposed();
        _channel = channel;
        _method = method;
        _options = options;
        _ = _headers.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        _ = _response.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        if (options.Deadline is { } deadline && deadline != DateTime.MaxValue)
        {
            if (deadline.Kind != DateTimeKind.Utc && deadline != DateTime.MinValue)
            {
                throw new InvalidOperationException(
                    "Deadline must have a kind DateTimeKind.Utc or be equal to DateTime.MaxValue or DateTime.MinValue.");
            }

            var left = deadline - DateTime.UtcNow;
            if (left < LongestTimer)
            {
                left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
                _deadlineTimer = new Timer(
                    static call => ((GrpcCall<TRequest, TResponse>)call!).OnDeadline(), this, left, Timeout.InfiniteTimeSpan);
            }
        }

        // Not linked sources: those would stay with a channel that outlives its calls.
        _userCancellation = options.CancellationToken.Register(static call => ((GrpcCall<TRequest, TResponse>)call!).Abort(), this);
        _channelDisposal = channel.DisposedToken.Register(static call => ((GrpcCall<TRequest, TResponse>)call!).Abort(), this);
    }

    public IClientStreamWriter<TRequest>? Requests => _content;

    public Task<Metadata> ResponseHeadersAsync => _headers.Task;

    public bool IsFinished => Volatile.Read(ref _outcome) is not null;

    public int? MaxReceiveMessageSize => _channel.Options.MaxReceiveMessageSize;

    public Marshaller<TResponse> ResponseMarshaller => _method.ResponseMarshaller;

    public CancellationToken Aborted => _abort.Token;

    public Status GetStatus() =>
        _outcome?.Status ?? throw new InvalidOperationException("Unable to get the status because the call is not complete.");

    public Metadata GetTrailers() =>
        _outcome?.Trailers
            ?? throw new InvalidOperationException("Can't get the call trailers because the call has not completed successfully.");

    public Task<HttpResponseMessage> ResponseAsync => _response.Task;

    public async Task<TResponse> StartSingleResponse(TRequest? request)
    {
        Start(request);
        var reader = new ResponseReader<TRequest, TResponse>(this);
        if (!await reader.MoveNext(CancellationToken.None).ConfigureAwait(false))
        {
            throw Fail(new Status(StatusCode.Internal, "Failed to deserialize response message: the response has no message."));
        }

        var response = reader.Current;
        if (await reader.MoveNext(CancellationToken.None).ConfigureAwait(false))
        {
            Abort();
            throw Fail(new Status(StatusCode.Internal, "Unexpected data after finished reading message."));
        }

        return response;
    }

    public ResponseReader<TRequest, TResponse> StartStreamedResponse(TRequest? request)
    {
        Start(request);
        return new ResponseReader<TRequest, TResponse>(this);
    }

    public FrameBuffer Encode(TRequest message, WriteOptions? streamOptions)
    {
        var flags = (streamOptions ?? _options.WriteOptions)?.Flags ?? default;
        var compress = _options.Headers?.GetValue("grpc-internal-encoding-request") == GrpcHeaders.Gzip
            && !flags.HasFlag(WriteFlags.NoCompress);
        try
        {
            return MessageCodec.Encode(
                _method.RequestMarshaller, message, compress, CompressionLevel.Fastest, _channel.Options.MaxSendMessageSize);
        }
        catch (RpcException error)
        {
            Finish(error.Status, null);
            Abort();
            throw;
        }
    }

    /// <summary>The exception of a call that has ended.</summary>
    public Exception FailureOf()
    {
        var status = GetStatus();
        return _channel.Options.ThrowOperationCanceledOnCancellation
            && status.StatusCode is StatusCode.Cancelled or StatusCode.DeadlineExceeded
            ? new OperationCanceledException(status.Detail, new RpcException(status, GetTrailers()), _options.CancellationToken)
            : new RpcException(status, GetTrailers());
    }

    /// <summary>What a failed write means: the call's own status if it has one or gets one at once, else the transport's failure.</summary>
    public async Task<Exception> WriteFailureAsync(Exception error, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            // Half a message may be on its way, so nothing can follow it.
            Abort();
            return _channel.Options.ThrowOperationCanceledOnCancellation
                ? new OperationCanceledException(cancellation)
                : new RpcException(new Status(StatusCode.Cancelled, "Call canceled by the client."));
        }

        // A server that refuses a call answers before it has read everything; its answer says more than the broken pipe,
        // and whoever reads the response gets it.
        await Task.WhenAny(_finished.Task, Task.Delay(AnswerPatience, CancellationToken.None)).ConfigureAwait(false);
        return IsFinished ? FailureOf()
            : _response.Task.IsCompletedSuccessfully ? new RpcException(StatusOf(error))
            : Fail(error);
    }

    /// <summary>Ends the call with a failure and returns what to throw.</summary>
    public Exception Fail(Exception error)
    {
        if (error is RpcException known)
        {
            Finish(known.Status, known.Trailers);
        }
        else
        {
            Finish(StatusOf(error), null);
        }

        return FailureOf();
    }

    private Status StatusOf(Exception error)
    {
        // The server may notice the deadline before the timer here does, and reset the stream.
        if (_deadlinePassed || (_options.Deadline is { } deadline && deadline <= DateTime.UtcNow))
        {
            return new Status(StatusCode.DeadlineExceeded, "");
        }

        if (_abort.IsCancellationRequested)
        {
            var detail = _channel.DisposedToken.IsCancellationRequested ? "gRPC call disposed." : "Call canceled by the client.";
            return new Status(StatusCode.Cancelled, detail, error is OperationCanceledException ? null : error);
        }

        var cause = error.InnerException is { } inner ? $" {inner.GetType().Name}: {inner.Message}" : "";
        return new Status(ResponseStatus.CodeOf(error), $"{error.GetType().Name}: {error.Message}{cause}", error);
    }

    public Exception Fail(Status status) => Fail(new RpcException(status));

    /// <summary>The body is read to its end: the trailers hold the status.</summary>
    public void FinishFromTrailers()
    {
        var trailers = new Metadata();
        ResponseStatus.Collect(_message!.TrailingHeaders, trailers);
        var status = ResponseStatus.Of(_message.TrailingHeaders) ?? new Status(StatusCode.Cancelled, "No grpc-status found on response.");
        Finish(status, trailers);
    }

    public void Abort()
    {
        try
        {
            _abort.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Finished in the meantime; there is nothing left to abort.
        }
    }

    public void Dispose()
    {
        if (!IsFinished)
        {
            Abort();
            Fail(new OperationCanceledException("gRPC call disposed."));
        }

        _deadlineTimer?.Dispose();
        _userCancellation.Dispose();
        _channelDisposal.Dispose();
        _message?.Dispose();
    }

    private void Start(TRequest? request)
    {
        _content = new RequestContent<TRequest, TResponse>(this, request);
        _ = SendAsync();
    }

    private async Task SendAsync()
    {
        try
        {
            _abort.Token.ThrowIfCancellationRequested();
            using var request = await MakeRequestAsync().ConfigureAwait(false);
            _message = await _channel.SendAsync(request, _abort.Token).ConfigureAwait(false);
            var headers = new Metadata();
            ResponseStatus.Collect(_message.Headers, headers);

            // A refusal may come with a status of its own and of HTTP; the own one says more.
            if (ResponseStatus.Of(_message.Headers) is { } status)
            {
                _headers.TrySetResult(headers);
                Finish(status, headers);
                _response.TrySetException(FailureOf());
                return;
            }

            ResponseStatus.Validate(_message);
            _headers.TrySetResult(headers);
            _response.TrySetResult(_message);
        }
        catch (Exception error)
        {
            var failure = Fail(error);
            _headers.TrySetException(failure);
            _response.TrySetException(failure);
        }
    }

    private async Task<HttpRequestMessage> MakeRequestAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_channel.Address, _method.FullName))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = _content,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("user-agent", "rapid-grpc-dotnet");
        request.Headers.TryAddWithoutValidation(GrpcHeaders.AcceptEncoding, "identity,gzip");
        if (_options.Deadline is { } deadline && deadline != DateTime.MaxValue)
        {
            request.Headers.TryAddWithoutValidation(GrpcHeaders.Timeout, GrpcHeaders.FormatTimeout(deadline - DateTime.UtcNow));
        }

        foreach (var entry in _options.Headers ?? Metadata.Empty)
        {
            if (entry.Key == "grpc-internal-encoding-request")
            {
                request.Headers.TryAddWithoutValidation(GrpcHeaders.Encoding, entry.Value);
            }
            else if (entry.Key != GrpcHeaders.Timeout)
            {
                // The deadline of the options is the only one.
                request.Headers.TryAddWithoutValidation(entry.Key, GrpcHeaders.ValueOf(entry));
            }
        }

        if (_channel.TakesCallCredentials)
        {
            await AddCredentialsAsync(request).ConfigureAwait(false);
        }

        return request;
    }

    private async Task AddCredentialsAsync(HttpRequestMessage request)
    {
        IReadOnlyList<CallCredentials> ofChannel = _channel.Options.Credentials?.CallCredentials ?? [];
        foreach (var credentials in _options.Credentials is { } ofCall ? [ofCall, .. ofChannel] : ofChannel)
        {
            var metadata = new Metadata();
            var context = new AuthInterceptorContext(new Uri(_channel.Address, $"/{_method.ServiceName}").ToString(), _method.Name);
            await credentials.Interceptor(context, metadata).ConfigureAwait(false);
            foreach (var entry in metadata)
            {
                request.Headers.TryAddWithoutValidation(entry.Key, GrpcHeaders.ValueOf(entry));
            }
        }
    }

    private void OnDeadline()
    {
        _deadlinePassed = true;
        Abort();
    }

    private void Finish(Status status, Metadata? trailers)
    {
        if (Interlocked.CompareExchange(ref _outcome, new Outcome(status, trailers ?? Metadata.Empty), null) is not null)
        {
            return;
        }

        _deadlineTimer?.Dispose();
        _userCancellation.Unregister();
        _channelDisposal.Unregister();
        _content?.Abort();
        _finished.TrySetResult();
        if (status.StatusCode != StatusCode.OK)
        {
            // A response that is not read to its end resets the stream.
            _message?.Dispose();
        }
    }

    private sealed record Outcome(Status Status, Metadata Trailers);
}
