using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rapid.Hosting;

/// <summary>What every service is made of: Kestrel with HTTP/2 on its addresses, gRPC, health, reflection, the token, telemetry.</summary>
public static class RapidHost
{
    // A trajectory or a snapshot should not wait for window updates: a few of the largest usual messages fit.
    private const int WindowBytes = 16 << 20;
    private const int MostStarts = 50;

    /// <summary>Builds a service that is not started yet.</summary>
    /// <param name="name">Name in logs and telemetry.</param>
    /// <param name="options">Where it listens and its limits.</param>
    /// <param name="configure">Registers what the service needs.</param>
    /// <param name="map">Maps its gRPC services.</param>
    /// <param name="minimumLevel">Log level; a process that hosts several services is quieter.</param>
    public static WebApplication Build(
        string name, ServiceOptions options, Action<IServiceCollection> configure, Action<WebApplication> map,
        LogLevel minimumLevel = LogLevel.Information)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentNullException.ThrowIfNull(map);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = name });
        builder.Logging.ClearProviders().SetMinimumLevel(minimumLevel).AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            // Every call that ends other than well is information to gRPC; to a service whose clients come and go it is not.
            .AddFilter("Grpc", LogLevel.Warning)
            // What it says, RunAsync says in one line.
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
            });
        // Collecting and learning keep pool threads busy for long; calls must not wait for the pool to grow.
        ThreadPool.SetMinThreads(Math.Max(16, 4 * Environment.ProcessorCount), 16);
        builder.WebHost.ConfigureKestrel(kestrel => ConfigureKestrel(kestrel, options));
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.MaxMessageBytes;
            grpc.MaxSendMessageSize = options.MaxMessageBytes;
            grpc.EnableDetailedErrors = true;
        });
        // Without a check the health service has nothing to go by and says UNKNOWN; that the process answers is the first one.
        builder.Services.AddGrpcHealthChecks().AddCheck("process", () => HealthCheckResult.Healthy());
        builder.Services.AddGrpcReflection();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<CallLifetime>();
        if (options.Token is { } token)
        {
            TokenAuthentication.Require(token, builder.Services);
        }

        if (options.OtlpEndpoint is { } endpoint)
        {
            builder.Services.AddHostedService(_ => new Telemetry(name, endpoint));
        }

        configure(builder.Services);
        var app = builder.Build();
        if (options.Token is not null)
        {
            app.UseAuthentication().UseAuthorization();
        }

        // Probes of orchestrators have no token.
        app.MapGrpcHealthChecksService().AllowAnonymous();
        app.MapGrpcReflectionService();
        map(app);
        return app;
    }

    /// <summary>Runs a service until it is told to stop, with one line instead of a stack trace when its configuration is wrong.</summary>
    /// <returns>The exit code: 0, or 2 for a configuration error.</returns>
    public static async Task<int> RunAsync(ServiceKind kind, Func<ServiceOptions, WebApplication> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        try
        {
            var options = ServiceOptionsReader.Read(kind);
            await using var app = await StartAsync(options, build);
            app.Logger.LogInformation("listening on {Addresses}", string.Join(", ", app.Urls));
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (OperationCanceledException)
        {
            // Told to stop before it had started: it was waiting for something.
            return 0;
        }
        catch (ConfigurationException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 2;
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"RAPID_LISTEN: {error.Message}");
            return 2;
        }
    }

    /// <summary>Several services that start at once may choose the same free port of a range; all but one choose again.</summary>
    private static async Task<WebApplication> StartAsync(ServiceOptions options, Func<ServiceOptions, WebApplication> build)
    {
        var hasChoice = options.Listen.Any(address => address.LastPort > address.Port);
        for (var attempt = 1; ; attempt++)
        {
            var app = build(options);
            try
            {
                await app.StartAsync();
                return app;
            }
            catch (IOException error) when (hasChoice && attempt < MostStarts && error.InnerException is AddressInUseException)
            {
                await app.DisposeAsync();
                await Task.Delay(Random.Shared.Next(20, 200));
            }
            catch (SocketException error)
            {
                await app.DisposeAsync();
                throw new ConfigurationException([$"RAPID_LISTEN: cannot listen on {string.Join(", ", options.Listen)}: {error.Message}"]);
            }
            catch
            {
                await app.DisposeAsync();
                throw;
            }
        }
    }

    private static void ConfigureKestrel(KestrelServerOptions kestrel, ServiceOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.InitialConnectionWindowSize = WindowBytes;
        kestrel.Limits.Http2.InitialStreamWindowSize = WindowBytes;
        kestrel.Limits.Http2.MaxFrameSize = 1 << 20;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(20);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
        foreach (var address in options.Listen)
        {
            Listen(kestrel, address, options);
        }
    }

    private static void Listen(KestrelServerOptions kestrel, ServiceAddress address, ServiceOptions options)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http2;
            if (address.IsSecure)
            {
                // Clients that know only the root need the intermediates that follow the certificate in its file.
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = TlsFiles.LoadIdentity(options.TlsCertificate!, options.TlsKey);
                    https.ServerCertificateChain = TlsFiles.LoadCertificates(options.TlsCertificate!);
                });
            }
        }

        if (address.SocketPath is { } path)
        {
            SocketFile.MakeFree(path);
            kestrel.ListenUnixSocket(path, Configure);
        }
        else if (address.Host == "localhost" && address.Port > 0)
        {
            kestrel.ListenLocalhost(FreePort.Choose(address), Configure);
        }
        else if (address.Host == "localhost")
        {
            // Kestrel's localhost is two sockets, for which the system cannot choose one port.
            kestrel.Listen(IPAddress.Loopback, 0, Configure);
        }
        else if (IPAddress.TryParse(address.Host, out var ip))
        {
            kestrel.Listen(ip, FreePort.Choose(address), Configure);
        }
        else
        {
            kestrel.ListenAnyIP(FreePort.Choose(address), Configure);
        }
    }
}
