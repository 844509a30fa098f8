using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Learner.Publishing;
using Rapid.Learner.Queue;
using Rapid.Learner.Replay;
using Rapid.Learner.Services;
using Rapid.Learner.Slots;
using Rapid.Redis;

namespace Rapid.Learner;

/// <summary>The learner service.</summary>
public static class LearnerHost
{
    /// <summary>Builds the service.</summary>
    /// <param name="options">Where it listens, its runs and its replay service.</param>
    /// <param name="minimumLevel">Log level.</param>
    /// <param name="recover">Whether runs that an earlier life left unfinished go on by themselves.</param>
    /// <param name="trials">What trying a spec may take; null: the usual.</param>
    /// <exception cref="ConfigurationException">libtorch cannot be loaded.</exception>
    public static WebApplication Build(
        ServiceOptions options, LogLevel minimumLevel = LogLevel.Information, bool recover = true, TrialLimits? trials = null)
    {
        TorchLibrary.Load();
        var app = RapidHost.Build(
            "rapid-learner",
            options,
            services =>
            {
                services.AddSingleton(_ => new AssignmentBoard());
                AddQueue(options, services);
                services.AddSingleton<ExperimentRegistry>();
                services.AddSingleton<ShardDirectory>();
                services.AddHostedService(provider => provider.GetRequiredService<ShardDirectory>());
                services.AddSingleton<SharedParameterFolder>();
                services.AddSingleton(trials ?? new TrialLimits());
                services.AddSingleton<RunTrial>();
                services.AddHostedService<ExperimentRunner>();
                services.AddSingleton<LearnerMetrics>();
                services.AddHostedService(provider => provider.GetRequiredService<LearnerMetrics>());
                services.AddHealthChecks().AddCheck<RunHealth>("runs");
            },
            app =>
            {
                app.MapGrpcService<ExperimentsService>();
                app.MapGrpcService<PoliciesService>();
                app.MapGrpcService<AssignmentsService>();
                app.MapGrpcService<EvaluationsService>();
            },
            minimumLevel);
        if (recover)
        {
            app.Services.GetRequiredService<ExperimentRegistry>().Recover();
        }

        return app;
    }

    private static void AddQueue(ServiceOptions options, IServiceCollection services)
    {
        services.AddSingleton(new RunOrder(options, Environment.ProcessorCount));
        if (options.Redis is null)
        {
            services.AddSingleton<IRunQueue, LocalQueue>();
            return;
        }

        if (options.OtlpEndpoint is not null)
        {
            services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddRedisInstrumentation());
        }

        services.AddSingleton(QueueScripts.Use);
        services.AddSingleton<RedisConnection>();
        services.AddSingleton<SharedQueue>();
        services.AddSingleton<IRunQueue>(provider => provider.GetRequiredService<SharedQueue>());
        services.AddSingleton<SharedBeat>();
        services.AddHostedService(provider => provider.GetRequiredService<SharedBeat>());
        services.AddHealthChecks().AddCheck<SharedBeat>("queue");
    }
}
