using System.Globalization;

namespace Rapid.Benchmarks;

/// <summary>Looks at the processes: none ends by itself, none grows beyond its bound, none has a log that speaks of a crash.</summary>
internal sealed class Health(ClusterProcesses cluster)
{
    private const long MiB = 1 << 20;

    // What no process may say, whatever is done to it: a crash of the runtime, of native code, or of a service's host.
    private static readonly string[] Crashes =
        ["Unhandled exception", "crit:", "Fatal error", "Segmentation fault", "Assertion failed", "BackgroundService failed"];

    private readonly Dictionary<string, long> _peaks = [];
    private readonly List<string> _problems = [];
    private DateTime _next;

    /// <summary>Looks once.</summary>
    public void Look()
    {
        foreach (var (name, process) in cluster.Running.Where(entry => entry.Value.HasExited).ToList())
        {
            _problems.Add($"{name} ended by itself with exit code {process.ExitCode}");
            cluster.Replace(name);
        }

        if (DateTime.UtcNow < _next)
        {
            return;
        }

        _next = DateTime.UtcNow + TimeSpan.FromSeconds(1);
        foreach (var (name, process) in cluster.Running)
        {
            try
            {
                _peaks[name] = Math.Max(_peaks.GetValueOrDefault(name), process.ResidentBytes / MiB);
            }
            catch (Exception error) when (error is IOException or InvalidOperationException)
            {
                // It has just ended, which the next look finds.
            }
        }
    }

    /// <summary>What was wrong.</summary>
    public IEnumerable<string> Problems() =>
    [
        .. _problems,
        .. _peaks.Where(peak => peak.Value > BoundOf(peak.Key)).Select(peak => string.Create(
            CultureInfo.InvariantCulture, $"{peak.Key} took {peak.Value} MiB, more than {BoundOf(peak.Key)}")),
        .. cluster.Ended.Concat(cluster.Running.Values).SelectMany(process => process.Output.Split('\n'))
            .Where(line => Crashes.Any(crash => line.Contains(crash, StringComparison.Ordinal)))
            .Distinct().Take(10).Select(line => $"a log says: {line}"),
    ];

    /// <summary>The most memory of each, in words.</summary>
    public string Summary() => string.Join(
        ", ", _peaks.OrderBy(peak => peak.Key, StringComparer.Ordinal)
            .Select(peak => string.Create(CultureInfo.InvariantCulture, $"{peak.Key} {peak.Value}")));

    /// <summary>In MiB: about twice what each takes in calm.</summary>
    private static long BoundOf(string process) => process.Split(' ')[0] switch
    {
        "learner" => 1000,
        "redis" => 500,
        "replay" => 700,
        _ => 400,
    };
}
