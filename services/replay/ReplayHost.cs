using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Rapid.Hosting;
using Rapid.Redis;
using Rapid.Replay.Checkpoints;
using Rapid.Replay.Selection;
using Rapid.Replay.Storage;
using Rapid.Replay.Stores;
using StatusCode = Grpc.Core.StatusCode;

namespace Rapid.Replay;

/// <summary>The replay service.</summary>
public static class ReplayHost
{
    /// <summary>Builds the service; tables that Redis holds are back before it listens.</summary>
    public static WebApplication Build(ServiceOptions options, LogLevel minimumLevel = LogLevel.Information) => RapidHost.Build(
        "rapid-replay",
        options,
        services =>
        {
            services.AddSingleton(provider => MemoryBudget.Read(provider.GetRequiredService<IConfiguration>()));
            services.AddSingleton(provider => CheckpointDirectory.Read(provider.GetRequiredService<IConfiguration>()));
            if (options.OtlpEndpoint is not null)
            {
                services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddRedisInstrumentation());
            }

            services.AddSingleton(RedisRights.Use);
            services.AddSingleton<RedisConnection>();
            services.AddSingleton<DatabaseLease>();
            services.AddSingleton<TableRegistry>();
            services.AddHostedService<TableRecovery>();
            services.AddSingleton<ReplayMetrics>();
            services.AddHostedService(provider => provider.GetRequiredService<ReplayMetrics>());
            services.AddHealthChecks().AddCheck<RedisHealth>("redis");
        },
        app => app.MapGrpcService<ReplayService>(),
        minimumLevel);

    /// <summary>Takes the lease on Redis and brings the tables back that it holds.</summary>
    private sealed class TableRecovery(
        RedisConnection redis, DatabaseLease lease, TableRegistry tables, ILogger<TableRecovery> logger) : BackgroundService
    {
        public override async Task StartAsync(CancellationToken cancellationToken)
        {
            foreach (var problem in SelectorRegistry.PluginProblems)
            {
                logger.LogWarning("{Problem}", problem);
            }

            if (!redis.IsConfigured)
            {
                return;
            }

            try
            {
                await RedisLayout.RefuseNewerAsync(redis, cancellationToken);
                await RedisRights.CheckAsync(redis, cancellationToken);
                await lease.AcquireAsync(cancellationToken);
                // Whoever had it until now may have been newer.
                await RedisLayout.RefuseNewerAsync(redis, cancellationToken);
                await tables.RecoverAsync(cancellationToken);
                await RedisLayout.MarkAsync(redis, cancellationToken);
            }
            catch (RpcException refused) when (refused.StatusCode == StatusCode.FailedPrecondition)
            {
                await lease.ReleaseAsync(cancellationToken);
                throw new ConfigurationException([refused.Status.Detail]);
            }

            await base.StartAsync(cancellationToken);
        }

        public override async Task StopAsync(CancellationToken cancellationToken)
        {
            await base.StopAsync(cancellationToken);
            await lease.ReleaseAsync(cancellationToken);
        }

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => lease.KeepAsync(stoppingToken);
    }
}
