using System.Diagnostics;
using System.Diagnostics.Metrics;
using Rapid.Hosting;

namespace Rapid.Learner.Metrics;

/// <summary>What an update spends its time on.</summary>
public enum UpdateStage
{
    /// <summary>Waiting for trajectories.</summary>
    Wait,

    /// <summary>Computing the update.</summary>
    Learn,

    /// <summary>Publishing weights.</summary>
    Publish,

    /// <summary>Writing a checkpoint.</summary>
    Checkpoint,
}

/// <summary>
/// The instruments of one run. Their meter ends with the run, and takes along what exporters keep of it. Counters count what this life of
/// the run did, whatever the run's own figures began with.
/// </summary>
public sealed class RunInstruments : IDisposable
{
    private static readonly KeyValuePair<string, object?>[] Stages =
        [.. Enum.GetValues<UpdateStage>().Select(stage => KeyValuePair.Create("stage", (object?)stage.ToString().ToLowerInvariant()))];

    private static readonly InstrumentAdvice<long> Lags = new() { HistogramBucketBoundaries = [0, 1, 2, 3, 4, 6, 8, 12, 16, 32, 64] };

    private readonly Meter _meter = ExperimentMeters.Begin("Rapid.Learner");
    private readonly KeyValuePair<string, object?> _experiment;
    private readonly Counter<long> _steps;
    private readonly Dictionary<string, (Counter<long> Counter, long Total)> _totals = [];
    private readonly Histogram<double> _time;
    private readonly Histogram<long> _lag;
    private readonly Gauge<double> _gradient, _figures;
    private readonly Gauge<long> _checkpoint;

    /// <param name="experiment">Labels everything.</param>
    public RunInstruments(string experiment)
    {
        _experiment = new("experiment", experiment);
        _steps = _meter.CreateCounter<long>("rapid.learner.steps", "{step}", "Environment steps learned from");
        Count("updates", "rapid.learner.updates", "{update}", "Updates");
        Count("skipped_gradient_steps", "rapid.learner.skipped_gradient_steps", "{step}",
            "Gradients that were not finite, and not applied");
        Count("invalid_blocks", "rapid.learner.invalid_blocks", "{block}",
            "Blocks dropped because they are not what the run's actors make");
        Count("stale_blocks", "rapid.learner.stale_blocks", "{block}", "Blocks dropped because their policy was too old");
        Count("unpublished_blocks", "rapid.learner.unpublished_blocks", "{block}",
            "Blocks dropped because their policy was never published");
        Count("broken_environments", "rapid.learner.broken_environments", "{environment}",
            "Environments that actors reset because of numbers that were not finite or a simulation that broke down");
        _time = _meter.CreateDurations("rapid.learner.update.time", "Time of an update's stages: wait, learn, publish, checkpoint");
        _lag = _meter.CreateHistogram(
            "rapid.learner.policy_lag", "{version}", "Versions between the policy that made a block and the one that learns from it",
            tags: null, Lags);
        _gradient = _meter.CreateGauge<double>(
            "rapid.learner.gradient_norm", description: "Norm of the newest update's gradient before it is clipped");
        _figures = _meter.CreateGauge<double>("rapid.learner.metric", description: "Every figure of metrics.jsonl, by its name");
        _checkpoint = _meter.CreateGauge<long>("rapid.learner.checkpoint.size", "By", "Size of the newest checkpoint");
    }

    /// <summary>How long the run waited for trajectories.</summary>
    public WaitClock Waiting { get; } = new();

    /// <summary>Begins a stage.</summary>
    /// <returns>For <see cref="End"/>.</returns>
    public long Begin(UpdateStage stage)
    {
        if (stage == UpdateStage.Wait)
        {
            Waiting.Begin();
        }

        return Stopwatch.GetTimestamp();
    }

    /// <summary>Ends a stage.</summary>
    /// <param name="stage">Which.</param>
    /// <param name="began">What <see cref="Begin"/> returned.</param>
    /// <returns>How long it took.</returns>
    public TimeSpan End(UpdateStage stage, long began)
    {
        var elapsed = Stopwatch.GetElapsedTime(began);
        if (stage == UpdateStage.Wait)
        {
            Waiting.End();
        }

        _time.Record(elapsed.TotalSeconds, _experiment, Stages[(int)stage]);
        return elapsed;
    }

    /// <summary>A block is learned from.</summary>
    /// <param name="versions">Between the policy that made it and the newest.</param>
    public void OnBlock(long versions) => _lag.Record(versions, _experiment);

    /// <summary>A checkpoint was written.</summary>
    /// <param name="bytes">Its size.</param>
    public void OnCheckpoint(long bytes) => _checkpoint.Record(bytes, _experiment);

    /// <summary>The run goes on where totals of all its lives were these already.</summary>
    public void GoOnFrom(IEnumerable<(string Name, double Value)> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        foreach (var (name, value) in totals)
        {
            // Others begin again with each life.
            if (name is not ("invalid_blocks" or "unpublished_blocks") && _totals.TryGetValue(name, out var known))
            {
                _totals[name] = known with { Total = (long)value };
            }
        }
    }

    /// <summary>Takes the figures of a line of metrics.</summary>
    /// <param name="steps">Learned from since the line before, of a training line.</param>
    /// <param name="kind">"train" or "evaluation".</param>
    /// <param name="values">By name.</param>
    public void OnLine(long steps, string kind, IReadOnlyList<(string Name, double Value)> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (var (name, value) in values)
        {
            _figures.Record(value, _experiment, new("name", $"{kind}/{name}"));
        }

        if (kind != "train")
        {
            return;
        }

        _steps.Add(steps, _experiment);
        foreach (var (name, value) in values)
        {
            if (name == "gradient_norm")
            {
                _gradient.Record(value, _experiment);
            }
            else if (double.IsFinite(value) && _totals.TryGetValue(name, out var known))
            {
                known.Counter.Add((long)value - known.Total, _experiment);
                _totals[name] = known with { Total = (long)value };
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ExperimentMeters.End(_meter);

    /// <summary>A counter of what a figure of the run counts.</summary>
    private void Count(string figure, string name, string unit, string description) =>
        _totals.Add(figure, (_meter.CreateCounter<long>(name, unit, description), 0));
}
