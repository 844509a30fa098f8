namespace Rapid.Learner.Experiments;

/// <summary>The order in which runs have their turn, and who may train which: of one learner alone, or shared by several.</summary>
public interface IRunQueue
{
    /// <summary>Puts a run that nobody trains at the end.</summary>
    /// <param name="record">The run.</param>
    /// <param name="held">The right to it, when the caller has it; belongs to the queue from here on.</param>
    void Add(ExperimentRecord record, IDisposable? held = null);

    /// <summary>Puts a run that cannot go on now at the end, after a while.</summary>
    Task PutBackAsync(ExperimentRecord record, TimeSpan pause, CancellationToken stopping);

    /// <summary>Ends when there may be another one to take.</summary>
    Task Changed { get; }

    /// <summary>Takes the run whose turn it is (<see cref="RunOrder"/>), if it can begin now. One caller at a time.</summary>
    /// <param name="running">Those that this learner runs.</param>
    /// <param name="find">Knows runs by their ids.</param>
    /// <param name="stopping">Gives up.</param>
    Task<ExperimentRecord?> TryTakeAsync(
        IReadOnlyCollection<ExperimentRecord> running, Func<string, ExperimentRecord?> find, CancellationToken stopping);

    /// <summary>Takes the right to a run that waits or has ended.</summary>
    /// <returns>Null: another process has it.</returns>
    Task<IDisposable?> TryHoldAsync(ExperimentRecord record, CancellationToken cancellation);

    /// <summary>Asks the process that trains a run to cancel it.</summary>
    /// <returns>False: it cannot be asked.</returns>
    Task<bool> AskToCancelAsync(ExperimentRecord record, CancellationToken cancellation);
}
