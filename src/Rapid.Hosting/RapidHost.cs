using System.IO.Compression;
using System.Net.Sockets;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rapid.Hosting;

/// <summary>What every service is made of: Kestrel on its addresses, gRPC, health, reflection, the token, telemetry.</summary>
public static class RapidHost
{
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
        builder.WebHost.ConfigureKestrel(kestrel => Listeners.Configure(kestrel, options));
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.MaxMessageBytes;
            grpc.MaxSendMessageSize = options.MaxMessageBytes;
            grpc.EnableDetailedErrors = true;
            grpc.CompressionProviders =
            [
                new BoundedDecompression(new GzipCompressionProvider(CompressionLevel.Fastest), options.Limits.CompressionRatio),
                new BoundedDecompression(new DeflateCompressionProvider(CompressionLevel.Fastest), options.Limits.CompressionRatio),
            ];
            grpc.Interceptors.Add<MalformedMessageInterceptor>();
            grpc.Interceptors.Add<IdLengthInterceptor>();
        });
        // Without a check the health service has nothing to go by and says UNKNOWN; that the process answers is the first one.
        builder.Services.AddGrpcHealthChecks().AddCheck("process", () => HealthCheckResult.Healthy());
        builder.Services.AddGrpcReflection();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<CallLifetime>();
        if (options is { TlsCertificate: { } certificate, TlsKey: { } key })
        {
            builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<TlsIdentity>(services, certificate, key));
            builder.Services.AddHostedService(services => services.GetRequiredService<TlsIdentity>());
        }

        CallLimits.Add(options.Limits, builder.Services);
        TokenAuthentication.Add(options, builder.Services);
        Telemetry.Add(name, options, builder);
        configure(builder.Services);
        var app = builder.Build();
        ListenAddresses.WarnOfPlainTokens(options, app.Logger);
        app.UseRateLimiter().UseAuthentication().UseAuthorization();
        MeteredBody.Use(app, options.Limits);
        if (options.MetricsListen.Count > 0)
        {
            Telemetry.ServeMetrics(app);
        }

        // Probes of orchestrators have no token.
        app.MapGrpcHealthChecksService().AllowAnonymous();
        app.MapGrpcReflectionService().RequireAuthorization();
        map(app);
        return app;
    }

    /// <summary>Runs a service until it is told to stop, with one line instead of a stack trace when its configuration is wrong.</summary>
    /// <returns>The exit code: 0, or 2 for a configuration error.</returns>
    public static async Task<int> RunAsync(ServiceKind kind, Func<ServiceOptions, WebApplication> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        ServiceOptions? options = null;
        try
        {
            options = ServiceOptionsReader.Read(kind);
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
        catch (IOException error) when (options is not null && error.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{Listeners.Variables(options)}: {error.Message}");
            return 2;
        }
    }

    /// <summary>Several services that start at once may choose the same free port of a range; all but one choose again.</summary>
    private static async Task<WebApplication> StartAsync(ServiceOptions options, Func<ServiceOptions, WebApplication> build)
    {
        var hasChoice = options.Listen.Concat(options.MetricsListen).Any(address => address.LastPort > address.Port);
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
                var addresses = string.Join(", ", options.Listen.Concat(options.MetricsListen));
                throw new ConfigurationException([$"{Listeners.Variables(options)}: cannot listen on {addresses}: {error.Message}"]);
            }
            catch
            {
                await app.DisposeAsync();
                throw;
            }
        }
    }
}
