using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthServices;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection
{
    public static class GrpcHealthChecksServiceExtensions
    {
        public static IHealthChecksBuilder AddGrpcHealthChecks(this IServiceCollection services) => services.AddHealthChecks();
    }
}

namespace Microsoft.AspNetCore.Builder
{
    public static class GrpcHealthChecksEndpointRouteBuilderExtensions
    {
        public static GrpcServiceEndpointConventionBuilder MapGrpcHealthChecksService(this IEndpointRouteBuilder builder) =>
            builder.MapGrpcService<HealthService>();
    }
}

namespace Grpc.HealthServices
{
    /// <summary>Answers for the whole server (service name "") from the registered health checks.</summary>
    internal sealed class HealthService(HealthCheckService checks, IHostApplicationLifetime lifetime) : Health.V1.Health.HealthBase
    {
        private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

        public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
            request.Service.Length == 0
                ? new HealthCheckResponse { Status = await StatusAsync(context.CancellationToken).ConfigureAwait(false) }
                : throw new RpcException(new Status(StatusCode.NotFound, ""));

        public override async Task Watch(
            HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
        {
            // An open watch would hold up the shutdown of the server.
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
            HealthCheckResponse.Types.ServingStatus? last = null;
            try
            {
                while (true)
                {
                    var now = request.Service.Length == 0
                        ? await StatusAsync(stop.Token).ConfigureAwait(false)
                        : HealthCheckResponse.Types.ServingStatus.ServiceUnknown;
                    if (now != last)
                    {
                        await responseStream.WriteAsync(new HealthCheckResponse { Status = now }).ConfigureAwait(false);
                        last = now;
                    }

                    await Task.Delay(WatchInterval, stop.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
                when (!context.CancellationToken.IsCancellationRequested && lifetime.ApplicationStopping.IsCancellationRequested)
            {
                await responseStream.WriteAsync(
                    new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.NotServing }).ConfigureAwait(false);
            }
        }

        private async Task<HealthCheckResponse.Types.ServingStatus> StatusAsync(CancellationToken cancellation)
        {
            var report = await checks.CheckHealthAsync(cancellation).ConfigureAwait(false);
            return report.Entries.Count == 0 ? HealthCheckResponse.Types.ServingStatus.Unknown
                : report.Status == HealthStatus.Unhealthy ? HealthCheckResponse.Types.ServingStatus.NotServing
                : HealthCheckResponse.Types.ServingStatus.Serving;
        }
    }
}
