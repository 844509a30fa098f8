using System.IO.Compression;
using System.Net.Sockets;
using Grpc.Core;
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
    /// <summary>What the health service calls the process alone: whether it answers, whatever else it waits for. One that does not has
    /// to be started again; one whose health as a whole is bad need not be.</summary>
    public const string LivenessService = "liveness";

    private const string ProcessCheck = "process";
    private const int MostStarts = 50;

    // Orchestrators kill what has not ended ten seconds after it was told to: this, the second that Kestrel takes to abort what is still
    // open then, and the release of what the service holds are less.
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(7), ReleaseTime = TimeSpan.FromSeconds(1.5);

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
            .AddFilter("Grpc", minimumLevel > LogLevel.Warning ? minimumLevel : LogLevel.Warning)
            .AddFilter(CallErrors.Category, LogLevel.None)
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
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = StopTime;
            // Work that has to be put away must not wait until the last client hangs up.
            host.ServicesStopConcurrently = true;
        });
        builder.WebHost.ConfigureKestrel(kestrel => Listeners.Configure(kestrel, options));
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(new BlockPool());
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
            grpc.Interceptors.Add<IdLengthInterceptor>();
        });
        // Without a check the health service has nothing to go by and says UNKNOWN; that the process answers is the first one.
        builder.Services.AddGrpcHealthChecks(health => health.Services.Map(LivenessService, check => check.Name == ProcessCheck))
            .AddCheck(ProcessCheck, () => HealthCheckResult.Healthy());
        builder.Services.AddGrpcReflection();
        builder.Services.AddSingleton(options);
        if (!options.StopsOnSignals)
        {
            builder.Services.AddSingleton<IHostLifetime, DeafLifetime>();
        }

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
        app.UseVersionCheck();
        MeteredBody.Use(app, options.Limits);
        if (options.MetricsListen.Count > 0)
        {
            Telemetry.ServeMetrics(app);
        }

        app.UseCallErrors();

        // Probes of orchestrators have no token.
        app.MapGrpcHealthChecksService().AllowAnonymous();
        app.MapGrpcReflectionService().RequireAuthorization();
        map(app);
        return app;
    }

    /// <summary>The main program of a service's own executable: runs the service, or asks with the argument <c>health</c> the one that runs
    /// with the same configuration.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> MainAsync(string[] arguments, ServiceKind kind, Func<ServiceOptions, WebApplication> build)
    {
        switch (arguments)
        {
            case []:
                return await RunAsync(kind, build);
            case ["health"]:
                return await HealthProbe.RunAsync(kind);
            default:
                await Console.Error.WriteLineAsync(
                    $"'{string.Join(' ', arguments)}' is not allowed; allowed: health, which asks the running service, or nothing, which "
                    + "runs one");
                return 2;
        }
    }

    /// <summary>Runs a service until it is told to stop, with one line instead of a stack trace when its configuration is wrong.</summary>
    /// <returns>The exit code: 0; 1 when its work failed; 2 for a configuration error; 3 when another service refused the token.</returns>
    public static async Task<int> RunAsync(ServiceKind kind, Func<ServiceOptions, WebApplication> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        ServiceOptions? options = null;
        try
        {
            options = ServiceOptionsReader.Read(kind);
            var app = await StartAsync(options, build);
            try
            {
                if (FailureOf(app) is null)
                {
                    app.Logger.LogInformation("listening on {Addresses}", string.Join(", ", app.Urls));
                }

                await app.WaitForShutdownAsync();
                return await ConcludeAsync(app, options);
            }
            finally
            {
                await ReleaseAsync(app);
            }
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

    /// <summary>Says why the service ended when nobody told it to: its work failed, which stops the host as a signal does.</summary>
    private static async Task<int> ConcludeAsync(WebApplication app, ServiceOptions options)
    {
        var failure = FailureOf(app);
        switch (failure)
        {
            case null:
                return 0;
            case RpcException { StatusCode: StatusCode.Unauthenticated or StatusCode.PermissionDenied } refusal:
                await Console.Error.WriteLineAsync(
                    $"RAPID_TOKEN: the learner at {string.Join(" or ", options.Learners)} refused the token: {refusal.Status.Detail}");
                return 3;
            case RpcException error:
                await Console.Error.WriteLineAsync(
                    $"the learner at {string.Join(" or ", options.Learners)} refused: {error.Status.StatusCode}: {error.Status.Detail}");
                return 1;
            default:
                app.Logger.LogCritical(failure, "the service failed");
                return 1;
        }
    }

    private static Exception? FailureOf(WebApplication app) => app.Services.GetServices<IHostedService>().OfType<BackgroundService>()
        .Select(work => work.ExecuteTask?.Exception?.InnerException).FirstOrDefault(error => error is not null);

    /// <summary>What takes longer, such as telemetry that nobody takes, ends with the process.</summary>
    private static async Task ReleaseAsync(WebApplication app)
    {
        try
        {
            await Task.Run(() => app.DisposeAsync().AsTask()).WaitAsync(ReleaseTime);
        }
        catch (TimeoutException)
        {
            // The process ends now.
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
            catch (OperationCanceledException) when (FailureOf(app) is not null)
            {
                // Its work failed before it had started, which stops it as a signal does: who runs it says why.
                return app;
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
