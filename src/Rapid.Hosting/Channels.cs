using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace Rapid.Hosting;

/// <summary>
/// The one place that says how clients reach services: over TCP, TLS or a unix socket, with their version, and the token when there is
/// one. Addresses come with the work, as the replay services of an assignment do, or change with it, as learners do: a channel is opened
/// and disposed of with it.
/// </summary>
/// <remarks>
/// A name is looked up for every connection, and the first of its addresses that answers is taken: a service that has moved is found with
/// the next attempt. gRPC's own balancing, which can do that too, asks DNS no more often than every 15 seconds, cannot connect through
/// our TLS, which reads its files anew each time, and would spread calls over services that are not alike: a shard's calls are that
/// shard's, and the learner that leases slots is the one that publishes weights.
/// </remarks>
public static class Channels
{
    /// <summary>How long a connection with calls may be silent before it is asked for a sign of life, and how long that may take.</summary>
    internal static readonly TimeSpan Ping = TimeSpan.FromSeconds(10);

    /// <summary>How long it may take until both sides know that a connection leads nowhere.</summary>
    public static readonly TimeSpan LongestSilence = 2 * Ping;

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
            UriOf(address),
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

    // The host is unused when this class connects by itself.
    private static Uri UriOf(ServiceAddress address) => new(
        address.SocketPath is null && !address.IsName ? address.ToString().Split('?')[0]
            : address.IsSecure ? "https://localhost" : "http://localhost");

    private static CallHeaders HandlerFor(ServiceAddress address, ServiceOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            // In KiB: refusals of a wrong spec name every field, in words and as details.
            MaxResponseHeadersLength = 128,
            InitialHttp2StreamWindowSize = WindowBytes,
            KeepAlivePingDelay = Ping,
            KeepAlivePingTimeout = Ping,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
        if (address.IsName)
        {
            handler.ConnectCallback = async (_, cancellation) => await ServiceNames.ConnectAsync(
                address, (found, token) => ConnectAsync(found, options, token), cancellation);
        }
        else if (address.SocketPath is not null || address.IsSecure)
        {
            handler.ConnectCallback = (_, cancellation) => ConnectAsync(address, options, cancellation);
        }

        return new CallHeaders(options.OwnToken, handler);
    }

    private static async ValueTask<Stream> ConnectAsync(ServiceAddress address, ServiceOptions options, CancellationToken cancellation)
    {
        if (address.IsSecure)
        {
            return await TlsConnections.ConnectAsync(address, options, cancellation);
        }

        var (socket, place) = address.SocketPath is { } path
            ? (new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), (EndPoint)new UnixDomainSocketEndPoint(path))
            : (new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }, new DnsEndPoint(address.Host, address.Port));
        try
        {
            await socket.ConnectAsync(place, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Says in every call which version calls, and shows the token if there is one: a header rather than call credentials, which gRPC
    /// refuses on connections without TLS.
    /// </summary>
    private sealed class CallHeaders(string? token, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private static readonly string Version = $"{RapidVersion.Own}";

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = token is null ? request.Headers.Authorization : new AuthenticationHeaderValue("Bearer", token);
            if (!request.Headers.Contains(RapidVersion.Header))
            {
                request.Headers.Add(RapidVersion.Header, Version);
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
