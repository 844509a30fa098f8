using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Rapid.Hosting;

/// <summary>
/// The one place that says how clients reach services: over TCP, TLS or a unix socket, with the token when there is one. Clients of a
/// service whose address the options fix come from gRPC's client factory; channels to addresses that come with the work, as the replay
/// services of an assignment do, are opened and disposed of with it.
/// </summary>
public static class Channels
{
    private const int WindowBytes = 16 << 20;

    /// <summary>
    /// Single calls of commands that may be made twice. What carries the work waits for as long as it takes instead, by
    /// <see cref="Resilience"/>. Nothing is hedged: a second copy of a call would go to the same service.
    /// </summary>
    private static readonly ServiceConfig Retries = new()
    {
        MethodConfigs =
        {
            new MethodConfig
            {
                Names =
                {
                    new MethodName { Service = "rapid.v1.Experiments", Method = "List" },
                    new MethodName { Service = "rapid.v1.Experiments", Method = "Cancel" },
                    new MethodName { Service = "rapid.v1.Replay", Method = "Stats" },
                },
                RetryPolicy = new RetryPolicy
                {
                    MaxAttempts = 4,
                    InitialBackoff = TimeSpan.FromMilliseconds(100),
                    MaxBackoff = TimeSpan.FromSeconds(1),
                    BackoffMultiplier = 3,
                    RetryableStatusCodes = { StatusCode.Unavailable },
                },
            },
        },
    };

    /// <summary>A channel that its caller disposes. It connects when it is first used, and again whenever the connection breaks.</summary>
    public static GrpcChannel Open(ServiceAddress address, ServiceOptions options)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        var channel = new GrpcChannelOptions { HttpHandler = HandlerFor(address, options), DisposeHttpClient = true };
        Configure(channel, options);
        return GrpcChannel.ForAddress(UriOf(address), channel);
    }

    /// <summary>Registers a client of a service; clients of one type share a connection, which lasts as long as the provider.</summary>
    /// <typeparam name="TClient">A client that protoc generated.</typeparam>
    /// <param name="services">Where it is registered.</param>
    /// <param name="address">Finds the service's address.</param>
    public static void AddClient<TClient>(this IServiceCollection services, Func<ServiceOptions, ServiceAddress> address)
        where TClient : ClientBase
    {
        ArgumentNullException.ThrowIfNull(address);
        services.AddGrpcClient<TClient>((provider, client) => client.Address = UriOf(address(OptionsOf(provider))))
            .ConfigureChannel((provider, channel) => Configure(channel, OptionsOf(provider)))
            .ConfigurePrimaryHttpMessageHandler(provider => HandlerFor(address(OptionsOf(provider)), OptionsOf(provider)))
            // A new connection every other minute would break streams that last as long as a run.
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();

        static ServiceOptions OptionsOf(IServiceProvider provider) => provider.GetRequiredService<ServiceOptions>();
    }

    /// <summary>Why a service that answers is not trusted; null when a call failed for another reason.</summary>
    public static string? TlsProblemOf(RpcException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        for (var cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
            {
                return cause.Message;
            }
        }

        return null;
    }

    // The name is unused when a socket is connected to.
    private static Uri UriOf(ServiceAddress address) => new(address.SocketPath is null ? address.ToString() : "http://localhost");

    private static void Configure(GrpcChannelOptions channel, ServiceOptions options)
    {
        channel.MaxReceiveMessageSize = options.MaxMessageBytes;
        channel.MaxSendMessageSize = options.MaxMessageBytes;
        channel.ServiceConfig = Retries;
    }

    private static HttpMessageHandler HandlerFor(ServiceAddress address, ServiceOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            // In KiB: refusals of a wrong spec name every field, in words and as details.
            MaxResponseHeadersLength = 128,
            InitialHttp2StreamWindowSize = WindowBytes,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
        if (address.SocketPath is { } path)
        {
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }
        else if (address.IsSecure)
        {
            handler.ConnectCallback = (context, cancellation) =>
                TlsConnections.ConnectAsync(context.DnsEndPoint, options, cancellation);
        }

        return options.OwnToken is { } token ? new TokenHandler(token, handler) : handler;
    }

    /// <summary>
    /// Adds the token to every call. A header rather than call credentials, which gRPC refuses on connections without TLS.
    /// </summary>
    private sealed class TokenHandler(string token, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
