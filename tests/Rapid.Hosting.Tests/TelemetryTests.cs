using System.Diagnostics.Metrics;
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
}
