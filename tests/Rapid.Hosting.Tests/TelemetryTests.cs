using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

public class TelemetryTests
{
    [Fact]
    public async Task What_was_measured_until_the_service_stops_reaches_the_collector_under_its_name()
    {
        await using var collector = await Collector.StartAsync();
        using var meter = new Meter("Rapid.Tests");
        using var foreign = new Meter("Foreign.Tests");
        await using (var service = await RunningService.StartAsync(RunningService.Options() with { OtlpEndpoint = collector.Address }))
        {
            await service.Client.UnaryAsync(new Message());
            meter.CreateCounter<long>("blocks_counted").Add(7);
            foreign.CreateCounter<long>("nobody_asked").Add(7);
        }

        var metrics = collector.BodyOf("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
        Assert.Contains("blocks_counted", metrics, StringComparison.Ordinal);
        Assert.Contains("echo", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody_asked", metrics, StringComparison.Ordinal);
        Assert.All(["process.memory.usage", "dotnet.gc", "http.server.request.duration"], name =>
            Assert.Contains(name, metrics, StringComparison.Ordinal));
        var traces = collector.BodyOf("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
        // The span of the client and that of the server.
        Assert.All(["OpenTelemetry.Instrumentation.GrpcNetClient", "Microsoft.AspNetCore", "rapid.hosting.tests.Echo"], name =>
            Assert.Contains(name, traces, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_collector_that_is_away_does_not_keep_the_service_from_its_work()
    {
        await using var service = await RunningService.StartAsync(
            RunningService.Options() with { OtlpEndpoint = new Uri("http://127.0.0.1:1") });

        Assert.True(await Health.IsServingAsync(service.Channel));
    }

    /// <summary>Takes whatever is posted to it and answers as a gRPC server with an empty message.</summary>
    private sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        private readonly Dictionary<string, string> _bodies = [];

        public Uri Address => new(app.Urls.First());

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(
                kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
            var collector = new Collector(builder.Build());
            await collector.RunAsync();
            return collector;
        }

        public string BodyOf(string path)
        {
            lock (_bodies)
            {
                return _bodies.GetValueOrDefault(path, "");
            }
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private Task RunAsync()
        {
            app.Run(async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                lock (_bodies)
                {
                    _bodies[context.Request.Path] = BodyOf(context.Request.Path) + Encoding.Latin1.GetString(body.ToArray());
                }

                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(new byte[5]);
                context.Response.AppendTrailer("grpc-status", "0");
            });
            return app.StartAsync();
        }
    }
}
