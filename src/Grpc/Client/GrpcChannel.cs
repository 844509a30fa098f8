using Grpc.Core;

namespace Grpc.Net.Client;

public sealed class GrpcChannelOptions
{
    public ChannelCredentials? Credentials { get; set; }

    public int? MaxSendMessageSize { get; set; }

    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    public HttpMessageHandler? HttpHandler { get; set; }

    public bool DisposeHttpClient { get; set; }

    public bool ThrowOperationCanceledOnCancellation { get; set; }

    public bool UnsafeUseInsecureChannelCallCredentials { get; set; }
}

/// <summary>A connection to a gRPC service; expensive to make, cheap to call, safe to share.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly CancellationTokenSource _disposed = new();

    private GrpcChannel(Uri address, GrpcChannelOptions options)
        : base(address.Authority)
    {
        Address = address;
        Options = options;
        IsSecure = address.Scheme == Uri.UriSchemeHttps;
        Check(options.Credentials);
        var ownsHandler = options.HttpHandler is null || options.DisposeHttpClient;
        _invoker = new HttpMessageInvoker(
            options.HttpHandler ?? new SocketsHttpHandler { EnableMultipleHttp2Connections = true }, ownsHandler);
    }

    internal Uri Address { get; }

    internal GrpcChannelOptions Options { get; }

    /// <summary>Whether credentials of calls may go over this channel: what anyone on the way could read is not sent.</summary>
    internal bool TakesCallCredentials => IsSecure || Options.UnsafeUseInsecureChannelCallCredentials;

    internal CancellationToken DisposedToken => _disposed.Token;

    private bool IsSecure { get; }

    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) => ForAddress(new Uri(address), channelOptions);

    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        return address.Scheme is "http" or "https"
            ? new GrpcChannel(address, channelOptions)
            : throw new InvalidOperationException($"No address resolver configured for the scheme '{address.Scheme}'.");
    }

    public override CallInvoker CreateCallInvoker()
    {
        ThrowIfDisposed();
        return new HttpCallInvoker(this);
    }

    public void Dispose()
    {
        if (!_disposed.IsCancellationRequested)
        {
            _disposed.Cancel();
            _invoker.Dispose();
        }
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) =>
        _invoker.SendAsync(request, cancellation);

    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }

    private void Check(ChannelCredentials? credentials)
    {
        if (credentials is null)
        {
            return;
        }

        if (credentials.CallCredentials.Count > 0 && !credentials.IsSecure && !Options.UnsafeUseInsecureChannelCallCredentials)
        {
            throw new InvalidOperationException(
                "CallCredentials need secure channel credentials, such as ChannelCredentials.SecureSsl, "
                + $"or {nameof(GrpcChannelOptions)}.{nameof(GrpcChannelOptions.UnsafeUseInsecureChannelCallCredentials)}.");
        }

        if (credentials.IsSecure != IsSecure)
        {
            var kind = credentials.IsSecure ? "secure" : "insecure";
            throw new InvalidOperationException(
                $"Channel is configured with {kind} channel credentials and can't use the scheme '{Address.Scheme}'.");
        }
    }
}
