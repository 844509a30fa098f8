using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace Rapid.Hosting;

/// <summary>
/// How many calls a service takes: a second from each peer, and at once where a method says so with <c>EnableRateLimiting</c>. What is too
/// much is UNAVAILABLE, which clients try again after a pause.
/// </summary>
public static class CallLimits
{
    /// <summary>For methods whose open calls are enlisted workers.</summary>
    public const string Workers = "RAPID_MAX_WORKERS";

    /// <summary>For methods whose open calls are subscriptions.</summary>
    public const string Subscribers = "RAPID_MAX_SUBSCRIBERS";

    internal static void Add(ServiceLimits limits, IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, IPAddress>(context =>
            RateLimitPartition.GetTokenBucketLimiter(PeerOf(context), _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = limits.Requests,
                TokensPerPeriod = limits.Requests,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            }));
        limiter.AddConcurrencyLimiter(Workers, open => open.PermitLimit = limits.Workers);
        limiter.AddConcurrencyLimiter(Subscribers, open => open.PermitLimit = limits.Subscribers);
        limiter.OnRejected = (rejected, _) => new ValueTask(GrpcRefusal.WriteAsync(
            rejected.HttpContext, StatusCodes.Status429TooManyRequests, StatusCode.Unavailable, ReasonOf(rejected, limits)));
    });

    private static string ReasonOf(OnRejectedContext rejected, ServiceLimits limits)
    {
        // Only the bucket knows when there is room again.
        if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out _))
        {
            return $"more than {limits.Requests} calls a second from one peer (RAPID_MAX_REQUESTS); try again";
        }

        var variable = rejected.HttpContext.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>()?.PolicyName;
        var most = variable == Workers ? limits.Workers : limits.Subscribers;
        return $"{most} such calls are open, more are not taken ({variable}); try again later";
    }

    /// <summary>A machine: one with IPv6 has a whole network of addresses. All who come over a unix socket are one.</summary>
    private static IPAddress PeerOf(HttpContext context)
    {
        var peer = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (peer.AddressFamily != AddressFamily.InterNetworkV6 || peer.IsIPv4MappedToIPv6)
        {
            return peer;
        }

        var network = peer.GetAddressBytes();
        network.AsSpan(8).Clear();
        return new IPAddress(network);
    }
}
