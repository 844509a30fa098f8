using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;

namespace Rapid.Evaluator;

/// <summary>The evaluator service: a client of the learner that itself shows the policy it scores to those who watch.</summary>
public static class EvaluatorHost
{
    /// <summary>Builds the service.</summary>
    public static WebApplication Build(ServiceOptions options, LogLevel minimumLevel = LogLevel.Information) => RapidHost.Build(
        "rapid-evaluator",
        options,
        services =>
        {
            services.AddSingleton<Exhibition>();
            services.AddHostedService<EvaluatorWorker>();
        },
        app => app.MapGrpcService<EvaluationFramesService>(),
        minimumLevel);
}
