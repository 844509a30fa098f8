using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>What Prometheus finds where RAPID_METRICS_LISTEN says.</summary>
public sealed class MetricsTests : IDisposable
{
    private static readonly ServiceOptions Options =
        RunningService.Options() with { MetricsListen = [ServiceAddress.Parse("http://127.0.0.1:0")] };

    // At least one: telemetry counts the calls of all services of a process, and other tests have theirs.
    private const string Served = @"(?m)^http_server_request_duration_seconds_count\{.*Echo/Unary.*\} [1-9]";

    private readonly HttpClient _prometheus = new();

    public void Dispose() => _prometheus.Dispose();

    [Fact]
    public async Task A_scrape_shows_the_service_its_server_its_runtime_and_its_process()
    {
        using var meter = new Meter("Rapid.Tests");
        await using var service = await RunningService.StartAsync(Options);
        meter.CreateCounter<long>("rapid.tests.blocks").Add(7);
        await service.Client.UnaryAsync(new Message());

        // The server counts a call when its answer is out, and an exporter may repeat what it has just said.
        var metrics = await _prometheus.GetStringAsync(MetricsOf(service.App, "/metrics"));
        for (var attempt = 0; attempt < 100 && !Regex.IsMatch(metrics, Served); attempt++)
        {
            await Task.Delay(100);
            metrics = await _prometheus.GetStringAsync(MetricsOf(service.App, "/metrics"));
        }

        Assert.Matches(@"(?m)^rapid_tests_blocks_total\{.*\} 7", metrics);
        Assert.Matches(@"(?m)^process_memory_usage_bytes\{.*\} \d{7}", metrics);
        Assert.Matches(@"(?m)^dotnet_gc_collections_total\{", metrics);
        Assert.Matches(Served, metrics);
    }

    [Fact]
    public async Task Nothing_but_metrics_is_there_and_no_metrics_are_elsewhere()
    {
        await using var service = await RunningService.StartAsync(Options);

        foreach (var path in (string[])["/", "/rapid.hosting.tests.Echo/Unary", "/grpc.health.v1.Health/Check"])
        {
            using var answer = await _prometheus.PostAsync(MetricsOf(service.App, path), new ByteArrayContent([]));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, $"{service.Address}/metrics")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var there = await _prometheus.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, there.StatusCode);
    }

    [Fact]
    public async Task A_scrape_needs_the_token_that_calls_need()
    {
        await using var service = await RunningService.StartAsync(Options with { Token = "correct-horse" });

        foreach (var header in (AuthenticationHeaderValue?[])[null, new("Bearer", "wrong")])
        {
            _prometheus.DefaultRequestHeaders.Authorization = header;
            using var refusal = await _prometheus.GetAsync(MetricsOf(service.App, "/metrics"));
            Assert.Equal(HttpStatusCode.Unauthorized, refusal.StatusCode);
            Assert.Equal("Bearer", refusal.Headers.WwwAuthenticate.ToString());
            Assert.Contains("RAPID_TOKEN", await refusal.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        _prometheus.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "correct-horse");
        Assert.Contains("process_", await _prometheus.GetStringAsync(MetricsOf(service.App, "/metrics")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Roles.Viewer, HttpStatusCode.OK)]
    [InlineData(Roles.Operator, HttpStatusCode.OK)]
    [InlineData(Roles.Actor, HttpStatusCode.Forbidden)]
    public async Task A_scrape_is_for_those_who_look(string role, HttpStatusCode status)
    {
        var tokens = new Dictionary<string, string> { [role] = "correct-horse" };
        await using var service = await RunningService.StartAsync(Options with { RoleTokens = tokens });
        _prometheus.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "correct-horse");

        using var answer = await _prometheus.GetAsync(MetricsOf(service.App, "/metrics"));

        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task Metrics_are_served_over_a_unix_socket_too_and_its_errors_name_the_variable()
    {
        using var folder = new TestFolder();
        var socket = ServiceAddress.Unix(folder.At("m"));
        await using var service = await RunningService.StartAsync(Options with { MetricsListen = [socket] });

        Assert.True(File.Exists(folder.At("m")));
        var error = await Assert.ThrowsAsync<ConfigurationException>(() =>
            RunningService.StartAsync(Options with { MetricsListen = [socket] }));
        Assert.StartsWith("RAPID_METRICS_LISTEN: ", error.Message, StringComparison.Ordinal);
    }

    private static Uri MetricsOf(WebApplication app, string path) => new(new Uri(app.Urls.Last()), path);
}
