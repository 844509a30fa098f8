using Grpc.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rapid.Redis;
using StackExchange.Redis;

namespace Rapid.Replay.Stores;

/// <summary>Unhealthy while a configured Redis does not answer, takes no writes, or belongs to another service.</summary>
internal sealed class RedisHealth(RedisConnection redis, DatabaseLease lease) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!redis.IsConfigured)
        {
            return HealthCheckResult.Healthy("no Redis configured");
        }

        try
        {
            await lease.RenewAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(2), cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (RpcException error)
        {
            return HealthCheckResult.Unhealthy(error.Status.Detail, error);
        }
        catch (Exception error) when (error is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException)
        {
            return HealthCheckResult.Unhealthy($"Redis does not answer as it should: {error.Message}", error);
        }
    }
}
