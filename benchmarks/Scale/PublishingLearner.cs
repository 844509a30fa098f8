using System.Diagnostics;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner;
using Rapid.Learner.Experiments;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Benchmarks;

/// <summary>The learner service with one run, which publishes weights every second instead of learning.</summary>
internal static class PublishingLearner
{
    // Two towers of 64-64 for HalfCheetah: 17 observations, 6 actions.
    private const int Parameters = 11_085;

    public static Task<int> RunAsync() => RapidHost.RunAsync(ServiceKind.Learner, options =>
    {
        var app = LearnerHost.Build(options, LogLevel.Critical, recover: false);
        app.Lifetime.ApplicationStarted.Register(() => _ = PublishAsync(app));
        return app;
    });

    /// <summary>Time since a snapshot was published, on the same machine: its step is the moment.</summary>
    public static TimeSpan Age(PolicySnapshot snapshot) => Stopwatch.GetElapsedTime(snapshot.Step);

    private static async Task PublishAsync(WebApplication app)
    {
        var run = app.Services.GetRequiredService<ExperimentRegistry>().Submit(SpecReader.ReadYaml(SpecReader.DefaultYaml));
        var parameters = ByteString.CopyFrom(new byte[Parameters * sizeof(float)]);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var version = 1; !app.Lifetime.ApplicationStopping.IsCancellationRequested; version++)
        {
            run.Policies.Publish(new PolicySnapshot
            {
                Experiment = run.Directory.Id,
                Version = version,
                Parameters = parameters,
                Step = Stopwatch.GetTimestamp(),
            });
            await timer.WaitForNextTickAsync();
        }
    }
}
