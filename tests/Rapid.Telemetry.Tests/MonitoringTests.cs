using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rapid.Telemetry.Tests;

/// <summary>Alerts, dashboard and Prometheus' configuration against Prometheus itself, which scrapes services that are processes.</summary>
public sealed class MonitoringTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Prometheus_scrapes_every_service_and_knows_whatever_alerts_and_dashboard_ask_for()
    {
        var variables = new Dictionary<string, string> { ["RAPID_METRICS_LISTEN"] = "http://127.0.0.1:0" };
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 1, variables: variables);
        string[] services = ["replay", "learner", "actor", "evaluator"];
        var targets = new List<string>();
        foreach (var service in services)
        {
            var process = cluster.Running.First(running => running.Key.StartsWith(service, StringComparison.Ordinal)).Value;
            await Eventually.TrueAsync(() => MetricsOf(process.Output) is not null, () => cluster.Story);
            targets.Add($"{{ targets: ['{MetricsOf(process.Output)}'], labels: {{ service: {service} }} }}");
        }

        await cluster.SubmitAsync(_folder.Write("spec.yaml", """
            environment: { name: CartPole-v1 }
            algorithm: { name: ppo, rollout_steps: 64 }
            total_steps: 100000000
            network: { hidden_sizes: [16] }
            evaluation: { interval_steps: 2000, episodes: 2 }
            checkpoint: { interval_steps: 2000 }
            """));
        var config = _folder.Write("prometheus.yml", ConfigFor(targets));
        File.Copy(Repository.At(Monitoring.Rules), _folder.At("rules.yml"));
        await CheckAsync("check", "config", config);
        var port = FreePorts.One();
        await using var prometheus = RapidProcess.StartProgram(
            "prometheus", _folder.Path,
            [$"--config.file={config}", $"--storage.tsdb.path={_folder.At("data")}", $"--web.listen-address=127.0.0.1:{port}"]);

        string Story() => prometheus.Output + cluster.Story;
        foreach (var service in services)
        {
            await UntilAsync(port, $"up{{job='rapid', service='{service}'}} == 1", Story);
        }

        // One that is in a rate has to be scraped twice.
        var asked = Monitoring.Alerts.Concat(Monitoring.Panels).Append(Monitoring.Scaler);
        foreach (var name in asked.SelectMany(Monitoring.MetricsIn).Distinct())
        {
            // No service here has a certificate; what a certificate measures, the page of metrics is tested to have.
            if (name != "rapid_tls_certificate_remaining_seconds")
            {
                await UntilAsync(port, $"count_over_time({name}[1m]) > 1", Story);
            }
        }

        foreach (var expression in Monitoring.Panels)
        {
            await UntilAsync(port, expression, Story);
        }

        await UntilAsync(port, $"{Monitoring.Scaler} >= 0 and {Monitoring.Scaler} <= 1", Story);
        var rules = await GetAsync(port, "rules");
        Assert.All(
            rules.GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray()),
            rule => Assert.NotEqual("err", rule.GetProperty("health").GetString()));
        // A busy machine may answer a scrape too late.
        await UntilAsync(port, "absent(ALERTS{alertname='RapidServiceDown'})", Story);

        await cluster.KillAsync("learner");
        await UntilAsync(port, "ALERTS{alertname='RapidServiceDown', service='learner'}", Story);
    }

    [Fact]
    public async Task Every_alert_fires_at_what_it_is_for_and_at_nothing_less()
    {
        await CheckAsync("check", "rules", Repository.At(Monitoring.Rules));
        await CheckAsync("check", "config", "--syntax-only", Repository.At(Monitoring.Prometheus));
        await CheckAsync("test", "rules", Repository.At("tests/Rapid.Telemetry.Tests/alerts.yaml"));
        var tested = await File.ReadAllTextAsync(Repository.At("tests/Rapid.Telemetry.Tests/alerts.yaml"));
        var rules = await File.ReadAllTextAsync(Repository.At(Monitoring.Rules));
        Assert.All(
            Regex.Matches(rules, @"alert: (\w+)").Select(match => match.Groups[1].Value),
            alert => Assert.Equal(2, Regex.Count(tested, $@"alertname: {alert}\b")));
    }

    [Fact]
    public void Kubernetes_has_the_same_alerts() => Assert.Equivalent(
        Monitoring.GroupsIn(Monitoring.ReadYaml(Monitoring.Rules)),
        Monitoring.GroupsIn(((Dictionary<object, object>)Monitoring.ReadYaml("k8s/monitoring/prometheus-rule.yaml"))["spec"]),
        strict: true);

    [Fact]
    public async Task The_page_of_metrics_has_what_alerts_dashboard_and_autoscaler_ask_for()
    {
        var page = await File.ReadAllTextAsync(Repository.At("docs/metrics.md"));
        var autoscaler = await File.ReadAllTextAsync(Repository.At("k8s/60-actor.yaml"));
        var names = Monitoring.Alerts.Concat(Monitoring.Panels).Append(Monitoring.Scaler).Append(autoscaler)
            .SelectMany(Monitoring.MetricsIn).Where(name => name.StartsWith("rapid_", StringComparison.Ordinal)).Distinct().ToList();

        Assert.True(names.Count > 25, string.Join(' ', names));
        Assert.All(names, name => Assert.Contains($"`{Regex.Replace(name, "_(bucket|sum|count)$", "")}`", page, StringComparison.Ordinal));
    }

    /// <summary>The repository's configuration, with these services instead of those that compose starts.</summary>
    private string ConfigFor(IEnumerable<string> targets)
    {
        var text = File.ReadAllText(Repository.At(Monitoring.Prometheus));
        var config = Regex.Replace(
            text.Replace("/keys/token-viewer", _folder.Write("token", ClusterProcesses.Token), StringComparison.Ordinal)
                .Replace("scrape_interval: 5s", "scrape_interval: 1s\n  evaluation_interval: 1s", StringComparison.Ordinal),
            @"(?s)dns_sd_configs:.*", $"static_configs: [{string.Join(", ", targets)}]\n");
        Assert.DoesNotContain("/keys/", config, StringComparison.Ordinal);
        Assert.Contains("evaluation_interval", config, StringComparison.Ordinal);
        return config;
    }

    private static string? MetricsOf(string output) =>
        Regex.Match(output, @"listening on .*, http://(127\.0\.0\.1:\d+)") is { Success: true } match ? match.Groups[1].Value : null;

    private async Task CheckAsync(params string[] arguments)
    {
        await using var tool = RapidProcess.StartProgram("promtool", _folder.Path, arguments);
        Assert.True(await tool.WaitAsync() == 0, tool.Output);
    }

    private Task UntilAsync(int port, string query, Func<string> story) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                return (await QueryAsync(port, query)).GetArrayLength() > 0;
            }
            catch (HttpRequestException error) when (error.StatusCode is null or HttpStatusCode.ServiceUnavailable)
            {
                return false;
            }
        },
        () => $"{query}\n{story()}");

    private async Task<JsonElement> QueryAsync(int port, string query) =>
        (await GetAsync(port, $"query?query={Uri.EscapeDataString(query)}")).GetProperty("result");

    private async Task<JsonElement> GetAsync(int port, string path)
    {
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/api/v1/{path}");
        using var answer = JsonDocument.Parse(await _http.GetStringAsync(new Uri(url)));
        Assert.Equal("success", answer.RootElement.GetProperty("status").GetString());
        return answer.RootElement.GetProperty("data").Clone();
    }
}
