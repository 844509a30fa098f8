using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grpc.Server;

/// <summary>One call on the server: context, deadline, status and trailers.</summary>
internal abstract class ServerCall : ServerCallContext
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);
    private static readonly Status DeadlineExceeded = new(StatusCode.DeadlineExceeded, "Deadline Exceeded");

    private readonly CancellationTokenSource _cancellation;
    private readonly string _method;
    private Metadata? _requestHeaders;
    private Metadata? _trailers;
    private volatile bool _deadlinePassed;

    protected ServerCall(HttpContext context, GrpcServiceOptions options, IMethod method)
    {
        HttpContext = context;
        Options = options;
        _method = method.FullName;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        if (context.Request.Headers.TryGetValue(GrpcHeaders.Timeout, out var timeout)
            && GrpcHeaders.ParseTimeout(timeout) is { } left && left > TimeSpan.Zero)
        {
            var now = DateTime.UtcNow;
            DeadlineCore = left < DateTime.MaxValue - now ? now + left : DateTime.MaxValue;
            Left = left;
        }
    }

    public HttpContext HttpContext { get; }

    protected GrpcServiceOptions Options { get; }

    protected override string MethodCore => _method;

    protected override string HostCore => HttpContext.Request.Host.Value ?? "";

    protected override string PeerCore => HttpContext.Connection.RemoteIpAddress is { } address
        ? $"{(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? "ipv6:[" + address + "]" : "ipv4:" + address)}"
            + $":{HttpContext.Connection.RemotePort}"
        : "unknown";

    protected override DateTime DeadlineCore { get; } = DateTime.MaxValue;

    protected override CancellationToken CancellationTokenCore => _cancellation.Token;

    protected override Metadata ResponseTrailersCore => _trailers ??= [];

    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override IDictionary<object, object> UserStateCore => HttpContext.Items!;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= ReadHeaders();

    private TimeSpan? Left { get; }

    /// <summary>Whether a request speaks gRPC at all.</summary>
    public static bool IsGrpc(HttpRequest request) =>
        HttpMethods.IsPost(request.Method)
        && request.ContentType?.StartsWith(GrpcHeaders.ContentType, StringComparison.OrdinalIgnoreCase) == true
        && (request.ContentType.Length == GrpcHeaders.ContentType.Length
            || request.ContentType[GrpcHeaders.ContentType.Length] is '+' or ';');

    /// <summary>Answers with a status and nothing else.</summary>
    public static Task RefuseAsync(HttpContext context, Status status)
    {
        context.Response.ContentType = GrpcHeaders.ContentType;
        WriteStatus(context.Response, status, null);
        return Task.CompletedTask;
    }

    /// <summary>Answers what is not gRPC over HTTP/2, in the words of HTTP and of gRPC.</summary>
    private static void RefuseOther(HttpContext context)
    {
        var isHttp2 = context.Request.Protocol == HttpProtocol.Http2;
        context.Response.StatusCode = isHttp2 ? StatusCodes.Status415UnsupportedMediaType : StatusCodes.Status426UpgradeRequired;
        var detail = isHttp2
            ? $"Content-Type '{context.Request.ContentType}' is not supported."
            : $"Request protocol '{context.Request.Protocol}' is not supported.";
        WriteStatus(context.Response, new Status(StatusCode.Internal, detail), null);
    }

    /// <summary>Runs the handler and ends the call with its status, whatever happens.</summary>
    public async Task RunAsync(Func<Task> handler)
    {
        if (!IsGrpc(HttpContext.Request) || HttpContext.Request.Protocol != HttpProtocol.Http2)
        {
            RefuseOther(HttpContext);
            return;
        }

        PrepareTransport();
        // A timer cannot wait longer than this; no call lives that long.
        using var timer = Left is { } left && left < LongestTimer ? new Timer(OnDeadline, null, left, Timeout.InfiniteTimeSpan) : null;
        Status status;
        try
        {
            await handler().ConfigureAwait(false);
            status = _deadlinePassed ? DeadlineExceeded : Status;
        }
        catch (Exception error)
        {
            status = StatusOf(error);
        }

        WriteStatus(HttpContext.Response, status, _trailers);
        await HttpContext.Response.CompleteAsync().ConfigureAwait(false);
        _cancellation.Dispose();
    }

    /// <summary>The client is gone: says so to whoever waits on the call's token, which the transport may do only later.</summary>
    protected void OnTransportGone() => Cancel();

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        if (HttpContext.Response.HasStarted)
        {
            throw new InvalidOperationException("Response headers can only be sent once per call.");
        }

        foreach (var entry in responseHeaders)
        {
            HttpContext.Response.Headers.Append(entry.Key, GrpcHeaders.ValueOf(entry));
        }

        await HttpContext.Response.BodyWriter.FlushAsync(CancellationToken).ConfigureAwait(false);
    }

    private static void WriteStatus(HttpResponse response, Status status, Metadata? trailers)
    {
        // Without a message the response is its headers alone.
        var target = response.HasStarted ? response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers : response.Headers;
        if (target is null || target.IsReadOnly)
        {
            return;
        }

        foreach (var entry in trailers ?? Metadata.Empty)
        {
            target.Append(entry.Key, GrpcHeaders.ValueOf(entry));
        }

        target[GrpcHeaders.Status] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (!string.IsNullOrEmpty(status.Detail))
        {
            target[GrpcHeaders.Message] = GrpcHeaders.EncodeMessage(status.Detail);
        }
    }

    private void PrepareTransport()
    {
        // A stream may be quiet or long; message sizes are limited per message.
        if (HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if (HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        var response = HttpContext.Response;
        response.ContentType = GrpcHeaders.ContentType;
        response.Headers[GrpcHeaders.AcceptEncoding] = "identity,gzip";
        if (Options.ResponseCompressionAlgorithm == GrpcHeaders.Gzip
            && HttpContext.Request.Headers[GrpcHeaders.AcceptEncoding].ToString().Contains(GrpcHeaders.Gzip, StringComparison.Ordinal))
        {
            response.Headers[GrpcHeaders.Encoding] = GrpcHeaders.Gzip;
        }
    }

    private Status StatusOf(Exception error)
    {
        if (_deadlinePassed && error is not RpcException { StatusCode: not StatusCode.Cancelled })
        {
            return DeadlineExceeded;
        }

        if (error is RpcException known)
        {
            // Copied first: they may be the call's own.
            foreach (var entry in known.Trailers.ToArray())
            {
                ResponseTrailers.Add(entry);
            }

            return known.Status;
        }

        if (error is OperationCanceledException && _cancellation.IsCancellationRequested)
        {
            return Status.DefaultCancelled;
        }

        HttpContext.RequestServices.GetService<ILoggerFactory>()?.CreateLogger("Grpc.AspNetCore.Server")
            .LogError(error, "Error when executing service method '{Method}'.", _method);
        return new Status(
            StatusCode.Unknown,
            Options.EnableDetailedErrors == true
                ? $"Exception was thrown by handler. {error.GetType().Name}: {error.Message}"
                : "Exception was thrown by handler.");
    }

    private Metadata ReadHeaders()
    {
        var metadata = new Metadata();
        foreach (var (name, values) in HttpContext.Request.Headers)
        {
            if (!GrpcHeaders.IsReserved(name) || name.Equals("user-agent", StringComparison.OrdinalIgnoreCase))
            {
                foreach (var value in values)
                {
                    GrpcHeaders.AddTo(metadata, name, value ?? "");
                }
            }
        }

        return metadata;
    }

    private void OnDeadline(object? state)
    {
        _deadlinePassed = true;
        Cancel();
    }

    private void Cancel()
    {
        try
        {
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended in the meantime.
        }
    }
}
