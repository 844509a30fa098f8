using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;

namespace Rapid.Actor;

/// <summary>The actor service: a client of learner and replay that itself only answers health checks.</summary>
public static class ActorHost
{
    /// <summary>Builds the service.</summary>
    public static WebApplication Build(ServiceOptions options, LogLevel minimumLevel = LogLevel.Information) => RapidHost.Build(
        "rapid-actor",
        options,
        services => services.AddHostedService<ActorWorker>(),
        _ => { },
        minimumLevel);
}
