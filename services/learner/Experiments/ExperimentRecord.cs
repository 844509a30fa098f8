using System.Threading.Channels;
using Rapid.Learner.Services;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Experiments;

/// <summary>One experiment while this learner knows it.</summary>
public sealed class ExperimentRecord : IDisposable
{
    private const int WatcherBuffer = 256;

    private readonly Lock _gate = new();
    private readonly List<Channel<ExperimentEvent>> _watchers = [];
    private readonly ExperimentSpec _spec;

    /// <param name="directory">Its folder.</param>
    /// <param name="options">Its spec.</param>
    /// <param name="hasEvaluator">Whether anybody can score it.</param>
    public ExperimentRecord(RunDirectory directory, ExperimentOptions options, Func<bool> hasEvaluator)
    {
        Directory = directory;
        Options = options;
        Evaluations = new EvaluationInbox(hasEvaluator);
        _spec = SpecWriter.ToMessage(options);
        (State, Error) = directory.ReadState();
        (Step, EvaluationReturn) = directory.ReadProgress();
        if (IsOver)
        {
            Policies.Complete();
        }
    }

    /// <summary>Its folder.</summary>
    public RunDirectory Directory { get; }

    /// <summary>Its spec.</summary>
    public ExperimentOptions Options { get; }

    /// <summary>Weights while it runs.</summary>
    public PolicyHub Policies { get; } = new();

    /// <summary>Scores while it runs.</summary>
    public EvaluationInbox Evaluations { get; }

    /// <summary>Cancelled by its user.</summary>
    public CancellationTokenSource Cancellation { get; } = new();

    /// <summary>State now.</summary>
    public ExperimentState State { get; private set; }

    /// <summary>Why it failed.</summary>
    public string Error { get; private set; }

    /// <summary>Environment steps learned from.</summary>
    public long Step { get; private set; }

    /// <summary>Newest evaluation's mean return.</summary>
    public double? EvaluationReturn { get; private set; }

    private bool IsOver => State is ExperimentState.Finished or ExperimentState.Cancelled or ExperimentState.Failed;

    /// <summary>Moves to a state and tells watchers.</summary>
    public void Set(ExperimentState state, string error = "")
    {
        lock (_gate)
        {
            try
            {
                Directory.WriteState(state, error.Length == 0 ? null : error);
            }
            finally
            {
                // Nobody sees a state before it is on disk.
                (State, Error) = (state, error);
                Tell(new ExperimentEvent { Experiment = Describe() });
                if (IsOver)
                {
                    _watchers.ForEach(watcher => watcher.Writer.TryComplete());
                    _watchers.Clear();
                    Policies.Complete();
                }
            }
        }
    }

    /// <summary>Takes a line of metrics.</summary>
    public void OnMetrics(long step, string kind, IReadOnlyList<(string Name, double Value)> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        lock (_gate)
        {
            Step = kind == "train" ? step : Step;
            var metrics = new Protocol.V1.Metrics { Step = step, Kind = kind };
            foreach (var (name, value) in values)
            {
                metrics.Values[name] = value;
                EvaluationReturn = kind == "evaluation" && name == "return_mean" ? value : EvaluationReturn;
            }

            Tell(new ExperimentEvent { Metrics = metrics });
        }
    }

    /// <summary>The state now, then every event until the end. A watcher that reads too slowly loses the oldest events.</summary>
    public ChannelReader<ExperimentEvent> Watch()
    {
        var channel = Channel.CreateBounded<ExperimentEvent>(
            new BoundedChannelOptions(WatcherBuffer) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            channel.Writer.TryWrite(new ExperimentEvent { Experiment = Describe() });
            if (IsOver)
            {
                channel.Writer.Complete();
            }
            else
            {
                _watchers.Add(channel);
            }
        }

        return channel.Reader;
    }

    /// <summary>Forgets a watcher that has gone.</summary>
    public void Unwatch(ChannelReader<ExperimentEvent> watcher)
    {
        lock (_gate)
        {
            _watchers.RemoveAll(channel => channel.Reader == watcher);
        }
    }

    /// <summary>As it goes on the wire.</summary>
    public Experiment Describe()
    {
        var experiment = new Experiment
        {
            Id = Directory.Id,
            Name = Options.Name,
            State = State,
            Step = Step,
            TotalSteps = Options.TotalSteps,
            Error = Error,
            Spec = _spec,
        };
        if (EvaluationReturn is { } value)
        {
            experiment.EvaluationReturn = value;
        }

        return experiment;
    }

    /// <inheritdoc/>
    public void Dispose() => Cancellation.Dispose();

    private void Tell(ExperimentEvent what) => _watchers.ForEach(watcher => watcher.Writer.TryWrite(what));
}
