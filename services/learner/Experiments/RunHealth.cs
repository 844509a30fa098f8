using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Rapid.Learner.Experiments;

/// <summary>Tells who watches the service that a run waits for something to be mended: unhealthy.</summary>
internal sealed class RunHealth(ExperimentRegistry registry) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(registry.All.FirstOrDefault(record => record.IsObstructed) is { } waiting
            ? HealthCheckResult.Unhealthy($"{waiting.Directory.Id} waits: {waiting.Error}")
            : HealthCheckResult.Healthy());
}
