using System.Threading.Channels;
using Rapid.Learner.Publishing;
using Rapid.Learner.Queue;
using Rapid.Learner.Runs;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Experiments;

/// <summary>One experiment while this learner knows it.</summary>
public sealed class ExperimentRecord : IDisposable
{
    private const int WatcherBuffer = 256;

    private readonly Lock _gate = new();
    private readonly List<Channel<ExperimentEvent>> _watchers = [];
    private readonly ExperimentSpec _spec;
    private readonly Func<bool> _hasEvaluator;
    private readonly RunFollower _follower;
    private IDisposable? _lock;
    private CancellationTokenSource _hopeless = new();
    private SlotFailures _failures;
    private ulong _epoch;

    /// <param name="directory">Its folder.</param>
    /// <param name="options">Its spec.</param>
    /// <param name="hasEvaluator">Whether anybody can score it.</param>
    public ExperimentRecord(RunDirectory directory, ExperimentOptions options, Func<bool> hasEvaluator)
    {
        Directory = directory;
        Options = options;
        _hasEvaluator = hasEvaluator;
        Evaluations = new EvaluationInbox(hasEvaluator);
        Games = new GameLog(options.Actors.Count);
        _failures = new SlotFailures(options.Actors.Count, TimeProvider.System);
        _spec = SpecWriter.ToMessage(options);
        Submitter = directory.ReadSubmitter();
        (State, Error) = directory.ReadState();
        (Step, EvaluationReturn) = directory.ReadProgress();
        _follower = new RunFollower(directory);
        if (IsOver)
        {
            Policies.Complete();
        }
        else if (State == ExperimentState.Running)
        {
            // By an earlier life of this learner, or by another one.
            (State, WasInterrupted) = (ExperimentState.Pending, true);
        }
    }

    /// <summary>Its folder.</summary>
    public RunDirectory Directory { get; }

    /// <summary>Its spec.</summary>
    public ExperimentOptions Options { get; }

    /// <summary>On whose account it runs; empty when nobody was named.</summary>
    public string Submitter { get; }

    /// <summary>Whether it ran when its learner ended, and has not begun again.</summary>
    public bool WasInterrupted { get; private set; }

    /// <summary>Whether its learner died so often while it ran that it is to run alone until it has a new checkpoint.</summary>
    public bool IsSuspect { get; set; }

    /// <summary>Weights while it runs.</summary>
    public PolicyHub Policies { get; private set; } = new();

    /// <summary>Scores while it runs.</summary>
    public EvaluationInbox Evaluations { get; private set; }

    /// <summary>What its actors are in the middle of while it runs in lockstep.</summary>
    public GameLog Games { get; private set; }

    /// <summary>How often it had to wait for its turn again since it last learned something.</summary>
    public int Delays { get; set; }

    /// <summary>Cancelled by its user.</summary>
    public CancellationTokenSource Cancellation { get; } = new();

    /// <summary>State now.</summary>
    public ExperimentState State { get; private set; }

    /// <summary>Why it failed, or what it waits for.</summary>
    public string Error { get; private set; }

    /// <summary>Environment steps learned from.</summary>
    public long Step { get; private set; }

    /// <summary>Newest evaluation's mean return.</summary>
    public double? EvaluationReturn { get; private set; }

    /// <summary>Whether it has ended.</summary>
    public bool IsOver => State is ExperimentState.Finished or ExperimentState.Cancelled or ExperimentState.Failed;

    /// <summary>Whether something that somebody has to mend keeps it from going on; <see cref="Error"/> says what.</summary>
    public bool IsObstructed => State == ExperimentState.Pending && Error.Length > 0;

    /// <summary>Whether this process has the right to train it.</summary>
    public bool IsOwned => _lock is not null;

    /// <summary>By which it is trained, where learners share a queue.</summary>
    internal RunLease? Lease => _lock as RunLease;

    /// <summary>Takes the run for this process, until it is over. One that another process has ended meanwhile is over here too.</summary>
    /// <param name="held">The right to it, when the caller has it already.</param>
    /// <returns>False when another process trains it.</returns>
    public bool TryOwn(IDisposable? held = null)
    {
        lock (_gate)
        {
            if (_lock is not null)
            {
                return true;
            }

            _lock = held ?? Directory.TryLock();
            if (_lock is not null && State == ExperimentState.Running)
            {
                // By a learner that is no more.
                State = ExperimentState.Pending;
            }

            if (_lock is not null && Directory.ReadState() is var (state, error)
                && state is ExperimentState.Finished or ExperimentState.Cancelled or ExperimentState.Failed)
            {
                (State, Error) = (state, error);
                (Step, EvaluationReturn) = Directory.ReadProgress();
                Conclude();
            }

            return _lock is not null || IsOver;
        }
    }

    /// <summary>Lets other learners have it. Without a lease it stays with this process.</summary>
    public void ReturnLease()
    {
        lock (_gate)
        {
            if (Lease is { } lease)
            {
                _lock = null;
                _follower.Skip();
                lease.Dispose();
            }
        }
    }

    /// <summary>Takes over what another learner has written of the run.</summary>
    /// <param name="isHeld">Whether another learner trains it now.</param>
    internal void Follow(bool isHeld)
    {
        lock (_gate)
        {
            if (IsOwned || IsOver)
            {
                return;
            }

            // The state first: what is written before it is then there, too.
            var (state, error) = Directory.ReadState();
            _follower.Read(OnMetrics);
            if (state is ExperimentState.Finished or ExperimentState.Cancelled or ExperimentState.Failed)
            {
                (State, Error) = (state, error);
                (Step, EvaluationReturn) = Directory.ReadProgress();
                Conclude();
            }
            else if (isHeld != (State == ExperimentState.Running))
            {
                (State, Error) = (isHeld ? ExperimentState.Running : ExperimentState.Pending, "");
                Tell(new ExperimentEvent { Experiment = Describe() });
            }
        }
    }

    /// <summary>Why no actor can work for this life of the run; null while one may.</summary>
    public string? Hopeless { get; private set; }

    /// <summary>Begins a life of the run: those who follow the one before get nothing of it.</summary>
    /// <param name="epoch">Which life.</param>
    /// <returns>Cancelled when no actor can work for it.</returns>
    public CancellationToken Begin(ulong epoch)
    {
        lock (_gate)
        {
            // Those who came while the run waited for its first turn are still there.
            Policies = Policies.IsOver ? new PolicyHub() : Policies;
            Evaluations = new EvaluationInbox(_hasEvaluator);
            Games = new GameLog(Options.Actors.Count);
            _hopeless.Dispose();
            (_hopeless, Hopeless, _epoch) = (new CancellationTokenSource(), null, epoch);
            WasInterrupted = false;
            _failures = new SlotFailures(Options.Actors.Count, TimeProvider.System);
        }

        Set(ExperimentState.Running);
        return _hopeless.Token;
    }

    /// <summary>What the actors of a life of the run are in the middle of; null when another life is the newest.</summary>
    public GameLog? GamesOf(ulong epoch)
    {
        lock (_gate)
        {
            return epoch == _epoch ? Games : null;
        }
    }

    /// <summary>Takes an actor's report of a slot that failed.</summary>
    public void OnSlotFailure(SlotFailure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        lock (_gate)
        {
            if (State != ExperimentState.Running || failure.Epoch != _epoch || Hopeless is not null)
            {
                return;
            }

            Hopeless = _failures.Add(failure.Slot, failure.Failures, failure.Reason);
            if (Hopeless is not null)
            {
                // Those who hear of it must not do so under the gate.
                _ = _hopeless.CancelAsync();
            }
        }
    }

    /// <summary>Says what keeps the run from going on. Nothing is written: on disk it is as it was, to be taken up again.</summary>
    public void Wait(string reason)
    {
        lock (_gate)
        {
            (State, Error, WasInterrupted) = (ExperimentState.Pending, reason, false);
            Tell(new ExperimentEvent { Experiment = Describe() });
        }
    }

    /// <summary>Moves to a state and tells watchers.</summary>
    public void Set(ExperimentState state, string error = "")
    {
        lock (_gate)
        {
            Directory.MayWrite();
            try
            {
                Directory.WriteState(state, error.Length == 0 ? null : error);
            }
            finally
            {
                // Nobody sees a state before it is on disk.
                (State, Error) = (state, error);
                if (IsOver)
                {
                    Conclude();
                }
                else
                {
                    Tell(new ExperimentEvent { Experiment = Describe() });
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
            Delays = 0;
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
            Submitter = Submitter,
        };
        if (EvaluationReturn is { } value)
        {
            experiment.EvaluationReturn = value;
        }

        return experiment;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cancellation.Dispose();
        _hopeless.Dispose();
        _lock?.Dispose();
    }

    /// <summary>Under the gate: the run is over.</summary>
    private void Conclude()
    {
        Tell(new ExperimentEvent { Experiment = Describe() });
        _watchers.ForEach(watcher => watcher.Writer.TryComplete());
        _watchers.Clear();
        Policies.Complete();
        if (Lease is { } lease)
        {
            lease.IsOfEndedRun = true;
        }

        _lock?.Dispose();
        _lock = null;
    }

    private void Tell(ExperimentEvent what) => _watchers.ForEach(watcher => watcher.Writer.TryWrite(what));
}
