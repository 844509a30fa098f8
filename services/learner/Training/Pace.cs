using System.Diagnostics;
using Rapid.Agents.State;

namespace Rapid.Learner.Training;

/// <summary>How experience comes to a run, and how much is learned before its next policy.</summary>
/// <param name="run">The run.</param>
internal abstract class Pace(TrainingRun run) : IAsyncDisposable
{
    /// <summary>Whether the last update is done.</summary>
    public abstract bool IsOver { get; }

    /// <summary>Whether actors act at random, whatever the policy.</summary>
    public virtual bool IsWarmingUp => false;

    /// <summary>Whether actors want a policy after what was learned last, scored or not.</summary>
    public virtual bool IsPolicyDue => true;

    /// <summary>The run.</summary>
    protected TrainingRun Run => run;

    /// <summary>That of a run's tables.</summary>
    public static Pace Of(TrainingRun run) => run switch
    {
        { Context.Tables.Transitions: null } => new RolloutPace(run),
        { Context.Data: { } data } => new OfflinePace(run, data),
        { Options.Lockstep: true } => new LockstepPace(run),
        _ => new OverlappingPace(run),
    };

    /// <summary>Before the first update of this life.</summary>
    public virtual Task BeginAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Learns, up to the next moment at which a policy may be due.</summary>
    /// <returns>The trace of the update, for the caller to end; null when it is not followed.</returns>
    public abstract Task<Activity?> LearnAsync(CancellationToken cancellation);

    /// <summary>After the policy that came of it was published.</summary>
    /// <param name="episodes">That it is scored with.</param>
    /// <param name="cancellation">Gives up.</param>
    public virtual Task ReportAsync(int episodes, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Visits its counters.</summary>
    public abstract void Visit(StateBag bag);

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
