using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner.Runs;
using Rapid.Learner.Slots;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Experiments;

/// <summary>All experiments of this learner, or of all learners that share its queue.</summary>
public sealed class ExperimentRegistry(
    ServiceOptions options, AssignmentBoard board, IRunQueue queue, ILogger<ExperimentRegistry> logger) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ExperimentRecord> _records = [];
    private readonly HashSet<string> _unreadable = [];

    /// <summary>Every experiment, oldest first.</summary>
    public IReadOnlyList<ExperimentRecord> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _records.Values.OrderBy(record => record.Directory.Created)];
            }
        }
    }

    /// <summary>Makes a run and puts it at the end of the queue.</summary>
    /// <param name="spec">What it is to learn.</param>
    /// <param name="submitter">On whose account; empty for those who give no name.</param>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the queue is full, or the submitter's part of it.</exception>
    public ExperimentRecord Submit(ExperimentOptions spec, string submitter = "")
    {
        lock (_gate)
        {
            var waiting = _records.Values.Where(record => record.State == ExperimentState.Pending).ToList();
            if (waiting.Count >= options.Limits.Queued)
            {
                throw Full($"{waiting.Count} experiments wait already (RAPID_MAX_QUEUED)");
            }

            var own = waiting.Count(record => record.Submitter == submitter);
            if (own >= options.Limits.QueuedPerSubmitter)
            {
                var who = submitter.Length > 0 ? $"'{submitter}' has" : "submitters without a name have";
                throw Full($"{who} {own} experiments that wait already (RAPID_MAX_QUEUED_PER_SUBMITTER)");
            }

            return Enqueue(RunDirectory.Create(options.Runs, spec, submitter), spec);
        }

        static RpcException Full(string reason) =>
            new(new Status(StatusCode.ResourceExhausted, $"{reason}; cancel some, or submit it later"));
    }

    /// <summary>Puts an existing run at the end of the queue, to go on from its newest checkpoint whatever ended it.</summary>
    /// <param name="directory">The run.</param>
    /// <param name="held">The right to it; belongs to the registry from here on.</param>
    public ExperimentRecord Resume(RunDirectory directory, IDisposable held)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var spec = directory.ReadOptions();
        directory.WriteState(ExperimentState.Pending, null);
        directory.EndLife();
        lock (_gate)
        {
            return Enqueue(directory, spec, held);
        }
    }

    /// <summary>Ends when there may be another one to take.</summary>
    public Task QueueChanged => queue.Changed;

    /// <summary>Takes the experiment whose turn it is, if it can begin now.</summary>
    /// <param name="running">Those that this learner runs.</param>
    /// <param name="stopping">Gives up.</param>
    public Task<ExperimentRecord?> TryTakeAsync(IReadOnlyCollection<ExperimentRecord> running, CancellationToken stopping) =>
        queue.TryTakeAsync(running, Find, stopping);

    /// <summary>Puts a run that cannot go on now at the end of the queue, after a while.</summary>
    public Task PutBackAsync(ExperimentRecord record, TimeSpan pause, CancellationToken stopping) =>
        queue.PutBackAsync(record, pause, stopping);

    /// <summary>Takes the right to a run that waits or has ended.</summary>
    /// <returns>Null: another process has it.</returns>
    public Task<IDisposable?> TryHoldAsync(ExperimentRecord record, CancellationToken cancellation) =>
        queue.TryHoldAsync(record, cancellation);

    /// <summary>Cancels a run, whoever trains it.</summary>
    /// <returns>False: another process trains it and cannot be asked.</returns>
    public async Task<bool> CancelAsync(ExperimentRecord record, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (!record.IsOver && !record.IsOwned)
        {
            if (await queue.TryHoldAsync(record, cancellation) is { } held)
            {
                // What another has ended is over here, too.
                record.TryOwn(held);
            }
            else
            {
                return await queue.AskToCancelAsync(record, cancellation) || record.IsOwned;
            }
        }

        if (!record.IsOver)
        {
            await record.Cancellation.CancelAsync();
        }

        if (record.State == ExperimentState.Pending)
        {
            record.Set(ExperimentState.Cancelled);
        }

        return true;
    }

    /// <summary>
    /// Lists what is in the folder of runs. Those that have not ended go on, the one that was running first, unless another process trains
    /// them, which is found out when their turn comes: nothing is written before.
    /// </summary>
    public void Recover()
    {
        var runs = RunDirectory.All(options.Runs).Select(directory => (Directory: directory, directory.ReadState().State)).ToList();
        foreach (var (directory, _) in runs.OrderByDescending(run => run.State == ExperimentState.Running))
        {
            if (TryRead(directory) is { IsOver: false } record)
            {
                logger.LogInformation("going on with {Run}", directory.Id);
                queue.Add(record);
            }
        }
    }

    /// <summary>Lists runs that came into the folder since, which learners do that share it.</summary>
    public void Discover()
    {
        if (options.Redis is null || !Directory.Exists(options.Runs))
        {
            return;
        }

        foreach (var path in Directory.EnumerateDirectories(options.Runs))
        {
            var directory = new RunDirectory(path);
            if (Find(directory.Id) is null && File.Exists(Path.Combine(path, "run.json")))
            {
                TryRead(directory);
            }
        }
    }

    /// <summary>Takes a run up again that ended, when another learner has resumed it.</summary>
    internal void ReadAgain(ExperimentRecord ended)
    {
        if (ended.Directory.ReadState().State is ExperimentState.Pending or ExperimentState.Running)
        {
            TryRead(new RunDirectory(ended.Directory.Path));
        }
    }

    /// <summary>The experiment of that id, or null.</summary>
    public ExperimentRecord? Find(string id)
    {
        lock (_gate)
        {
            return _records.GetValueOrDefault(id);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var record in All)
        {
            record.Dispose();
        }
    }

    private ExperimentRecord Enqueue(RunDirectory directory, ExperimentOptions spec, IDisposable? held = null)
    {
        var record = new ExperimentRecord(directory, spec, () => board.HasEvaluator);
        _records[directory.Id] = record;
        queue.Add(record, held);
        return record;
    }

    /// <returns>Null: it cannot be taken up.</returns>
    private ExperimentRecord? TryRead(RunDirectory directory)
    {
        lock (_gate)
        {
            try
            {
                return _unreadable.Contains(directory.Id)
                    ? null
                    : _records[directory.Id] = new ExperimentRecord(directory, directory.ReadOptions(), () => board.HasEvaluator);
            }
            catch (Exception error) when (error is SpecException or IOException or UnauthorizedAccessException)
            {
                _unreadable.Add(directory.Id);
                logger.LogWarning("run {Run} cannot be taken up: {Message}", directory.Path, error.Message);
                return null;
            }
        }
    }
}
