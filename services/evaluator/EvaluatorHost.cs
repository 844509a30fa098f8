using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;

namespace Rapid.Evaluator;

/// <summary>The evaluator service: a client of the learner that itself only answers health checks.</summary>
public static class EvaluatorHost
{
    /// <summary>Builds the service.</summary>
    public static WebApplication Build(ServiceOptions options, LogLevel minimumLevel = LogLevel.Information) => RapidHost.Build(
        "rapid-evaluator", options, services => services.AddHostedService<EvaluatorWorker>(), _ => { }, minimumLevel);
}
