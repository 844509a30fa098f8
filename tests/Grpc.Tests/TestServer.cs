using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Grpc.Tests;

public enum Transport
{
    Tcp,
    Unix,
    Tls,
}

/// <summary>A real server on a real socket, with a channel to it.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _directory = Directory.CreateTempSubdirectory("grpc-test-").FullName;

    private TestServer(Transport transport, Action<GrpcServiceOptions>? configure, HealthStatus? health)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc(options => configure?.Invoke(options));
        var checks = builder.Services.AddGrpcHealthChecks();
        if (health is { } result)
        {
            checks.AddCheck("test", () => new HealthCheckResult(result));
        }

        builder.Services.AddGrpcReflection();
        builder.Services.AddSingleton(Log);
        SocketPath = Path.Combine(_directory, "s");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            void Http2(ListenOptions listen) => listen.Protocols = HttpProtocols.Http2;
            switch (transport)
            {
                case Transport.Unix:
                    kestrel.ListenUnixSocket(SocketPath, Http2);
                    break;
                case Transport.Tls:
                    kestrel.Listen(IPAddress.Loopback, 0, listen =>
                    {
                        Http2(listen);
                        listen.UseHttps(Certificate());
                    });
                    break;
                default:
                    kestrel.Listen(IPAddress.Loopback, 0, Http2);
                    break;
            }
        });
        _app = builder.Build();
        _app.MapGrpcService<TestServiceImplementation>();
        _app.MapGrpcHealthChecksService();
        _app.MapGrpcReflectionService();
    }

    public CallLog Log { get; } = new();

    public GrpcChannel Channel { get; private set; } = null!;

    public string SocketPath { get; }

    public string Address { get; private set; } = "";

    public int Port => new Uri(Address).Port;

    public static async Task<TestServer> StartAsync(
        Transport transport = Transport.Tcp, Action<GrpcServiceOptions>? configure = null, Action<GrpcChannelOptions>? channel = null,
        HealthStatus? health = null)
    {
        var server = new TestServer(transport, configure, health);
        await server._app.StartAsync();
        server.Address = transport == Transport.Unix ? "http://localhost" : server._app.Urls.First();
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.Subject == "CN=localhost";
        if (transport == Transport.Unix)
        {
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(server.SocketPath), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        var options = new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true };
        channel?.Invoke(options);
        server.Channel = GrpcChannel.ForAddress(server.Address, options);
        return server;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
        Log.Cancelled.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
