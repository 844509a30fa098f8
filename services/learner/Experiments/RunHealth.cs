using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Rapid.Learner.Experiments;

/// <summary>Tells who watches the service that a run waits for something to be mended: unhealthy, and how many there are.</summary>
internal sealed class RunHealth(ExperimentRegistry registry) : IHealthCheck, IHostedService, IDisposable
{
    private readonly Meter _meter = new("Rapid.Learner");

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(registry.All.FirstOrDefault(record => record.IsObstructed) is { } waiting
            ? HealthCheckResult.Unhealthy($"{waiting.Directory.Id} waits: {waiting.Error}")
            : HealthCheckResult.Healthy());

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableGauge(
            "rapid.learner.waiting", () => registry.All.Count(record => record.IsObstructed), "{run}",
            "Runs that something keeps from going on");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();
}
