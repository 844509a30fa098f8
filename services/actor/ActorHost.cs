using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>The actor service: a client of learner and replay that itself only answers health checks.</summary>
public static class ActorHost
{
    /// <summary>Builds the service.</summary>
    public static WebApplication Build(ServiceOptions options, LogLevel minimumLevel = LogLevel.Information) => RapidHost.Build(
        "rapid-actor",
        options,
        services =>
        {
            services.AddClient<Assignments.AssignmentsClient>(found => found.Learner);
            services.AddClient<Protocol.V1.Policies.PoliciesClient>(found => found.Learner);
            services.AddHostedService<ActorWorker>();
        },
        _ => { },
        minimumLevel);
}
