using System.Net.Security;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Rapid.Hosting;

/// <summary>Kestrel's addresses and limits.</summary>
internal static class Listeners
{
    // A trajectory or a snapshot should not wait for window updates: a few of the largest usual messages fit. It is also the most that one
    // connection can make the service hold unread.
    private const int WindowBytes = 16 << 20;

    /// <summary>Names of the variables that say where to listen, for error messages.</summary>
    public static string Variables(ServiceOptions options) =>
        options.MetricsListen.Count == 0 ? "RAPID_LISTEN" : "RAPID_LISTEN, RAPID_METRICS_LISTEN";

    /// <summary>Sets the limits and listens on every address.</summary>
    /// <exception cref="ConfigurationException">An address is a unix socket that cannot be made, a name that does not resolve, or open to
    /// other machines without a token.</exception>
    public static void Configure(KestrelServerOptions kestrel, ServiceOptions options)
    {
        kestrel.AddServerHeader = false;
        SetLimits(kestrel.Limits, options.Limits);
        var logger = kestrel.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Listeners).Namespace!);
        foreach (var address in options.Listen)
        {
            Listen(kestrel, address, options, "RAPID_LISTEN", HttpProtocols.Http2, logger);
        }

        // Prometheus speaks HTTP/1.1, which tells its requests from gRPC's.
        foreach (var address in options.MetricsListen)
        {
            Listen(kestrel, address, options, "RAPID_METRICS_LISTEN", HttpProtocols.Http1, logger);
        }
    }

    private static void SetLimits(KestrelServerLimits limits, ServiceLimits most)
    {
        limits.MaxConcurrentConnections = most.Connections;

        // gRPC limits each message, by RAPID_MAX_MESSAGE, and MeteredBody what all of them hold; a stream may be as long as it likes.
        limits.MaxRequestBodySize = null;

        // Responses wait for clients: a learner that is busy takes no batches, and HTTP/2's flow control lets the service wait with it.
        // Requests keep Kestrel's rate; gRPC lifts it for streams, which may be silent as long as they like.
        limits.MinResponseDataRate = null;

        // A call has some ten headers of some hundred bytes; the longest are a token and a trace's baggage.
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestHeadersTotalSize = 32 << 10;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);

        // A connection without calls is closed in time; the client makes another one when it needs it.
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);

        limits.Http2.InitialConnectionWindowSize = WindowBytes;
        limits.Http2.InitialStreamWindowSize = WindowBytes;
        limits.Http2.MaxFrameSize = 1 << 20;

        limits.Http2.MaxStreamsPerConnection = most.Streams;

        // A peer whose machine is gone sends nothing; its lease and its tables' sessions must end all the same.
        limits.Http2.KeepAlivePingDelay = Channels.Ping;
        limits.Http2.KeepAlivePingTimeout = Channels.Ping;
    }

    private static void Listen(
        KestrelServerOptions kestrel, ServiceAddress address, ServiceOptions options, string variable, HttpProtocols protocols,
        ILogger logger)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = protocols;
            MeteredBody.Listen(listen, options.Limits);
            if (address.IsSecure)
            {
                var identity = listen.ApplicationServices.GetRequiredService<TlsIdentity>();
                var protocol = protocols == HttpProtocols.Http2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(TlsConnections.Serve(identity, protocol, options.TlsClientCa)),
                });
            }
        }

        if (address.SocketPath is { } path)
        {
            SocketFile.MakeFree(path, variable);
            kestrel.ListenUnixSocket(path, Configure);
        }
        else if (address.IsLocalhost && address.Port > 0)
        {
            kestrel.ListenLocalhost(FreePort.Choose(address), Configure);
        }
        else
        {
            var ips = ListenAddresses.Resolve(address, variable);
            ListenAddresses.CheckReach(address, ips, variable, options, logger);
            var port = FreePort.Choose(address);
            // Several sockets cannot share a port that the system chooses.
            foreach (var ip in ips.Take(port == 0 ? 1 : ips.Count))
            {
                kestrel.Listen(ip, port, Configure);
            }
        }
    }
}
