using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace Rapid.Hosting;

/// <summary>
/// The one place that says how clients reach services: over TCP, TLS or a unix socket, with the token when there is one. Addresses come
/// with the work, as the replay services of an assignment do, or change with it, as learners do: a channel is opened and disposed of with it.
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
        return GrpcChannel.ForAddress(
            // The name is unused when a socket is connected to.
            address.SocketPath is null ? address.ToString() : "http://localhost",
            new GrpcChannelOptions
            {
                HttpHandler = HandlerFor(address, options),
                DisposeHttpClient = true,
                MaxReceiveMessageSize = options.MaxMessageBytes,
                MaxSendMessageSize = options.MaxMessageBytes,
                ServiceConfig = Retries,
            });
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
