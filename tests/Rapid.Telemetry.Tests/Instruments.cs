using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;

namespace Rapid.Telemetry.Tests;

/// <summary>Hears of every instrument of Rapid's meters in this process, and of the tags that come with what it measures.</summary>
internal sealed class Instruments : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, (Instrument Instrument, SortedSet<string> Tags)> _known = [];

    public Instruments()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Rapid.", StringComparison.Ordinal))
            {
                lock (_known)
                {
                    _known.TryAdd(instrument.Name, (instrument, []));
                }

                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Hear(instrument, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Hear(instrument, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Hear(instrument, tags));
        _listener.Start();
    }

    /// <summary>The table of all instruments, with the names that a scrape gives them.</summary>
    public string Describe(string scrape)
    {
        _listener.RecordObservableInstruments();
        lock (_known)
        {
            var lines = _known.Values.OrderBy(known => known.Instrument.Name, StringComparer.Ordinal).Select(known =>
            {
                var (instrument, tags) = known;
                return $"| `{instrument.Name}` | `{NameIn(scrape, instrument.Name)}` | {KindOf(instrument)} | {instrument.Unit} | "
                    + $"{string.Join(", ", tags)} | {instrument.Description} |\n";
            });
            return "| name | in Prometheus | kind | unit | tags | meaning |\n|---|---|---|---|---|---|\n" + string.Concat(lines);
        }
    }

    /// <summary>Instruments that have measured nothing.</summary>
    public IEnumerable<string> Silent(string scrape)
    {
        lock (_known)
        {
            return [.. _known.Keys.Where(name => NameIn(scrape, name) is null)];
        }
    }

    public void Dispose() => _listener.Dispose();

    private static string? NameIn(string scrape, string name) =>
        Regex.Match(scrape, $@"(?m)^# TYPE ({name.Replace('.', '_')}(_seconds|_bytes)?(_total)?) ") is { Success: true } match
            ? match.Groups[1].Value
            : null;

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "ObservableCounter" or "Counter" => "counter",
        "ObservableUpDownCounter" or "UpDownCounter" => "counter that may fall",
        "ObservableGauge" or "Gauge" => "gauge",
        "Histogram" => "histogram",
        var other => throw new InvalidOperationException(other),
    };

    private void Hear(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_known)
        {
            foreach (var tag in tags)
            {
                _known[instrument.Name].Tags.Add(tag.Key);
            }
        }
    }
}
