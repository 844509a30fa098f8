using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace Rapid.Telemetry.Tests;

/// <summary>The files that people monitor Rapid with.</summary>
internal static partial class Monitoring
{
    public const string Rules = "docker/observe/rules.yml", Prometheus = "docker/observe/prometheus.yml";

    /// <summary>What alerts ask Prometheus for.</summary>
    public static IReadOnlyList<string> Alerts => [.. GroupsIn(ReadYaml(Rules))
        .SelectMany(group => (List<object>)((Dictionary<object, object>)group)["rules"])
        .Select(rule => (string)((Dictionary<object, object>)rule)["expr"])];

    /// <summary>What the dashboard asks Prometheus for, for all experiments.</summary>
    public static IReadOnlyList<string> Panels
    {
        get
        {
            using var dashboard = JsonDocument.Parse(File.ReadAllText(Repository.At("docker/observe/grafana/rapid.json")));
            return [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
                .Select(target => target.GetProperty("expr").GetString()!
                    .Replace("$experiment", ".*", StringComparison.Ordinal).Replace("$__rate_interval", "1m", StringComparison.Ordinal))];
        }
    }

    /// <summary>What the autoscaler asks for.</summary>
    public static string Scaler => Find(ReadYaml("k8s/monitoring/keda.yaml"), "query");

    /// <summary>Names of metrics in an expression.</summary>
    public static IEnumerable<string> MetricsIn(string expression) => Metric().Matches(expression).Select(match => match.Value);

    public static List<object> GroupsIn(object document) => (List<object>)((Dictionary<object, object>)document)["groups"];

    public static object ReadYaml(string path) => new Deserializer().Deserialize<object>(File.ReadAllText(Repository.At(path)))!;

    private static string Find(object node, string key) => node switch
    {
        Dictionary<object, object> map when map.TryGetValue(key, out var value) => (string)value,
        Dictionary<object, object> map => map.Values.Select(value => Find(value, key)).FirstOrDefault(value => value.Length > 0) ?? "",
        List<object> list => list.Select(value => Find(value, key)).FirstOrDefault(value => value.Length > 0) ?? "",
        _ => "",
    };

    [GeneratedRegex(@"\b(rapid|process|dotnet|http)_\w+")]
    private static partial Regex Metric();
}
