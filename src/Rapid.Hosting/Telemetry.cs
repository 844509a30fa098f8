using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Rapid.Hosting;

/// <summary>
/// Metrics, pushed to an OTLP endpoint or scraped by Prometheus, and traces, pushed. A service that has neither measures nothing.
/// </summary>
internal static class Telemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Registers what the options ask for: every meter and every source of traces named "Rapid.*", the web server, calls to other
    /// services, the runtime and the process.</summary>
    public static void Add(string service, ServiceOptions options, WebApplicationBuilder builder)
    {
        var (pushes, isScraped) = (options.OtlpEndpoint is not null, options.MetricsListen.Count > 0);
        if (!pushes && !isScraped)
        {
            return;
        }

        // The exporter looks here for its other variables too: headers, protocol, timeout.
        builder.Configuration[Endpoint] = options.OtlpEndpoint?.ToString();
        var telemetry = builder.Services.AddOpenTelemetry()
            // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last and win.
            .ConfigureResource(resource => resource.AddService(service).AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
            {
                metrics.AddMeter("Rapid.*").AddAspNetCoreInstrumentation().AddRuntimeInstrumentation().AddProcessInstrumentation();
                if (pushes)
                {
                    metrics.AddOtlpExporter();
                }

                if (isScraped)
                {
                    metrics.AddPrometheusExporter();
                }
            });
        if (pushes)
        {
            telemetry.WithTracing(traces => traces
                .AddSource("Rapid.*")
                .AddAspNetCoreInstrumentation(server => server.Filter = context => !IsScrape(context))
                .AddGrpcClientInstrumentation()
                .AddOtlpExporter());
        }
    }

    /// <summary>Serves /metrics, and nothing else, to whoever comes with HTTP/1.1.</summary>
    public static void ServeMetrics(WebApplication app) => app.MapWhen(IsScrape, scrapes =>
    {
        scrapes.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
        scrapes.Run(static context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return context.Response.WriteAsync("only /metrics is here; gRPC is where RAPID_LISTEN says", context.RequestAborted);
        });
    });

    private static bool IsScrape(HttpContext context) => !HttpProtocol.IsHttp2(context.Request.Protocol);
}
