using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rapid.Protocol.Files;
using Rapid.Protocol.Specs;
using Rapid.Specs;
using Value = Tensorboard.Summary.Types.Value;

namespace Rapid.Learner.Metrics;

/// <summary>
/// The figures of a run: one JSON object a line in <c>metrics.jsonl</c>, TensorBoard events, watchers, and OpenTelemetry. What depends on
/// the clock is in the object "time" at the end of a line; without it, equal runs write equal bytes.
/// </summary>
public sealed class RunMetrics : IDisposable
{
    private readonly string _path;
    private readonly Action _mayWrite;
    private readonly EventFile _events;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _gate = new();
    private StreamWriter? _lines;
    private long _lastStep;
    private TimeSpan _lastTime;

    /// <param name="directory">The run's directory.</param>
    /// <param name="experiment">Labels telemetry.</param>
    /// <param name="spec">Written as text and as hyper-parameters for TensorBoard.</param>
    /// <param name="mayWrite">Called before anything is written; throws when it must not.</param>
    public RunMetrics(string directory, string experiment, ExperimentOptions spec, Action? mayWrite = null)
    {
        _mayWrite = mayWrite ?? (static () => { });
        _mayWrite();
        Instruments = new RunInstruments(experiment);
        _path = Path.Combine(directory, "metrics.jsonl");
        var now = DateTimeOffset.UtcNow;
        _events = new EventFile(Path.Combine(directory, "tensorboard"), now);
        var text = EventValues.Text("spec", $"```yaml\n{SpecWriter.ToYaml(spec)}\n```");
        _events.Write(now, 0, [text, EventValues.HyperParameters(now, spec)]);
    }

    /// <summary>Every line as it is written: step, kind, values with those of the clock.</summary>
    public event Action<long, string, IReadOnlyList<(string Name, double Value)>>? Written;

    /// <summary>What telemetry has of the run.</summary>
    public RunInstruments Instruments { get; }

    /// <summary>Time since this process took up the run.</summary>
    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>Adds a line.</summary>
    /// <param name="step">Environment steps learned from.</param>
    /// <param name="kind">"train" or "evaluation".</param>
    /// <param name="values">In the order they are to be written.</param>
    /// <param name="learning">Time spent on the update, for training lines.</param>
    public void Write(long step, string kind, IReadOnlyList<(string Name, double Value)> values, TimeSpan learning = default)
    {
        lock (_gate)
        {
            _mayWrite();
            var (now, steps) = (Elapsed, step - _lastStep);
            List<(string Name, double Value)> times = [("wall_seconds", now.TotalSeconds)];
            if (kind == "train")
            {
                times.Add(("steps_per_second", steps / Math.Max(1e-9, (now - _lastTime).TotalSeconds)));
                times.Add(("learning_seconds", learning.TotalSeconds));
                (_lastStep, _lastTime) = (step, now);
            }

            var line = new JsonObject { ["step"] = step, ["kind"] = kind };
            Fill(line, values);
            line["time"] = Fill([], times);
            _lines ??= new StreamWriter(_path, append: true, new UTF8Encoding(false));
            _lines.Write(line.ToJsonString());
            _lines.Write('\n');
            _lines.Flush();
            IReadOnlyList<(string Name, double Value)> all = [.. values, .. times];
            var finite = all.Where(pair => double.IsFinite(pair.Value));
            _events.Write(DateTimeOffset.UtcNow, step, finite.Select(pair => EventValues.Scalar($"{kind}/{pair.Name}", pair.Value)));
            _events.Flush();
            Instruments.OnLine(steps, kind, all);
            Written?.Invoke(step, kind, all);
        }
    }

    /// <summary>Adds how numbers are spread, for TensorBoard alone: it is too much for every update.</summary>
    /// <param name="step">Environment steps learned from.</param>
    /// <param name="values">Named numbers; what is not finite is left out.</param>
    public void WriteHistograms(long step, IEnumerable<(string Tag, ReadOnlyMemory<float> Values)> values)
    {
        lock (_gate)
        {
            _mayWrite();
            var histograms = values.Select(pair => EventValues.Histogram(pair.Tag, pair.Values.Span)).OfType<Value>();
            _events.Write(DateTimeOffset.UtcNow, step, histograms);
            _events.Flush();
        }
    }

    /// <summary>Tells TensorBoard that the run has ended well.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            _mayWrite();
            var now = DateTimeOffset.UtcNow;
            _events.Write(now, _lastStep, [EventValues.Success(now)]);
            _events.Flush();
        }
    }

    /// <summary>Removes the lines of later steps: a resumed run writes them again. A score comes late, behind lines of later
    /// steps.</summary>
    /// <returns>Steps whose policies have a score.</returns>
    public IReadOnlySet<long> TruncateAfter(long step)
    {
        lock (_gate)
        {
            _mayWrite();
            _lastStep = step;
            _events.WriteRestart(DateTimeOffset.UtcNow, step);
            if (!File.Exists(_path))
            {
                return new HashSet<long>();
            }

            _lines?.Dispose();
            _lines = null;
            var kept = File.ReadLines(_path).Select(line => (Text: line, Place: PlaceOf(line))).Where(line => line.Place?.Step <= step).ToList();
            DurableFile.Write(_path, string.Concat(kept.Select(line => line.Text + "\n")));
            if (kept.FindLast(line => line.Place?.Kind == "train").Text is { } last)
            {
                Instruments.GoOnFrom(FiguresOf(last));
            }

            return kept.Where(line => line.Place?.Kind == "evaluation").Select(line => line.Place!.Value.Step).ToHashSet();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Instruments.Dispose();
        _lines?.Dispose();
        _events.Dispose();
    }

    private static JsonObject Fill(JsonObject target, IEnumerable<(string Name, double Value)> values)
    {
        foreach (var (name, value) in values)
        {
            target[name] = double.IsFinite(value) ? JsonValue.Create(value) : null;
        }

        return target;
    }

    private static IEnumerable<(string Name, double Value)> FiguresOf(string line) => JsonNode.Parse(line)!.AsObject()
        .Where(figure => figure.Value?.GetValueKind() == JsonValueKind.Number)
        .Select(figure => (figure.Key, (double)figure.Value!));

    /// <summary>What a line is of; null for one that a killed process did not finish.</summary>
    private static (long Step, string? Kind)? PlaceOf(string line)
    {
        try
        {
            var figures = JsonNode.Parse(line)!;
            return ((long)figures["step"]!, (string?)figures["kind"]);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or FormatException
            or ArgumentException)
        {
            return null;
        }
    }
}
