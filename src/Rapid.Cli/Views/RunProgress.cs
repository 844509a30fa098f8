using Rapid.Protocol.V1;

namespace Rapid.Cli.Views;

/// <summary>What is known of a run, gathered from its events. Written by the one who reads the events, read by the view.</summary>
internal sealed class RunProgress(TimeProvider time)
{
    // Long enough to smooth over updates and evaluations, short enough to follow a change.
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly Queue<(long Time, long Step)> _points = new();
    private readonly long _start = time.GetTimestamp();
    private Experiment? _experiment;
    private Metrics? _training, _evaluation;
    private long _step;

    /// <summary>Takes in one event.</summary>
    public void Apply(ExperimentEvent change)
    {
        lock (_gate)
        {
            switch (change.EventCase)
            {
                case ExperimentEvent.EventOneofCase.Experiment:
                    _experiment = change.Experiment;
                    _step = Math.Max(_step, change.Experiment.Step);
                    break;
                case ExperimentEvent.EventOneofCase.Metrics when change.Metrics.Kind == "evaluation":
                    _evaluation = change.Metrics;
                    break;
                case ExperimentEvent.EventOneofCase.Metrics:
                    _training = change.Metrics;
                    MoveTo(change.Metrics.Step);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Everything at this moment.</summary>
    public RunSnapshot Read()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            while (_points.Count > 2 && time.GetElapsedTime(_points.Peek().Time, now) > RateWindow)
            {
                _points.Dequeue();
            }

            double? rate = null;
            if (_points.Count > 1)
            {
                // Up to the newest point, not to now: steps arrive in batches, and a rate that sags between them tells nothing.
                var (first, last) = (_points.Peek(), _points.Last());
                rate = (last.Step - first.Step) / Math.Max(1e-3, time.GetElapsedTime(first.Time, last.Time).TotalSeconds);
            }

            return new RunSnapshot(_experiment, _step, _training, _evaluation, rate, time.GetElapsedTime(_start, now));
        }
    }

    private void MoveTo(long step)
    {
        if (_points.Count == 0 || step > _step)
        {
            _points.Enqueue((time.GetTimestamp(), step));
        }
        else if (step < _step)
        {
            // A learner that came back goes on from its checkpoint.
            _points.Clear();
            _points.Enqueue((time.GetTimestamp(), step));
        }

        _step = step;
    }
}

/// <summary>A run at one moment.</summary>
/// <param name="Experiment">Null before the first event.</param>
/// <param name="Step">Environment steps learned from.</param>
/// <param name="Training">Newest training figures.</param>
/// <param name="Evaluation">Newest evaluation.</param>
/// <param name="StepsPerSecond">Over the last seconds; null before two updates.</param>
/// <param name="Elapsed">Since watching began.</param>
internal sealed record RunSnapshot(
    Experiment? Experiment, long Step, Metrics? Training, Metrics? Evaluation, double? StepsPerSecond, TimeSpan Elapsed)
{
    /// <summary>Steps of the whole run; 0 before the first event.</summary>
    public long TotalSteps => Experiment?.TotalSteps ?? 0;

    /// <summary>What keeps the run from going on; empty when nothing does.</summary>
    public string Obstacle => Experiment is { State: ExperimentState.Pending } waiting ? waiting.Error : "";

    /// <summary>Part that is done, in [0, 1].</summary>
    public double Part => TotalSteps > 0 ? Math.Clamp((double)Step / TotalSteps, 0, 1) : 0;

    /// <summary>Time that the remaining steps take at the present rate.</summary>
    public TimeSpan? Remaining =>
        StepsPerSecond is > 0 and { } rate && TotalSteps > 0 ? TimeSpan.FromSeconds(Math.Max(0, TotalSteps - Step) / rate) : null;

    /// <summary>A training figure, when it is there and finite.</summary>
    public double? Figure(string name) => FigureOf(Training, name);

    /// <summary>The newest evaluation in words.</summary>
    public string Score =>
        $"{Figures.Return(FigureOf(Evaluation, "return_mean"))} +- {Figures.Return(FigureOf(Evaluation, "return_deviation"))} "
        + $"over {Figures.Count(FigureOf(Evaluation, "episodes"))} episodes";

    private static double? FigureOf(Metrics? metrics, string name) =>
        metrics is not null && metrics.Values.TryGetValue(name, out var value) && double.IsFinite(value) ? value : null;
}
