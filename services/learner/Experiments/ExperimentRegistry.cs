using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner.Services;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Experiments;

/// <summary>All experiments of this learner, and the order in which they run.</summary>
public sealed class ExperimentRegistry(ServiceOptions options, AssignmentBoard board, ILogger<ExperimentRegistry> logger) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ExperimentRecord> _records = [];

    /// <summary>Experiments that are to run.</summary>
    public RunQueue Waiting { get; } = new(options, Environment.ProcessorCount);

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
    /// <param name="held">The lock of its folder; belongs to the registry from here on.</param>
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

    /// <summary>Puts a run that cannot go on now at the end of the queue, after a while.</summary>
    public async Task PutBackAsync(ExperimentRecord record, TimeSpan pause, CancellationToken stopping)
    {
        await Task.Delay(pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Waiting.Add(record);
    }

    /// <summary>
    /// Lists what is in the folder of runs. Those that have not ended go on, the one that was running first, unless another process trains
    /// them, which is found out when their turn comes: nothing is written before.
    /// </summary>
    public void Recover()
    {
        var runs = RunDirectory.All(options.Runs).Select(directory => (Directory: directory, directory.ReadState().State)).ToList();
        foreach (var (directory, state) in runs.OrderByDescending(run => run.State == ExperimentState.Running))
        {
            try
            {
                lock (_gate)
                {
                    if (state is ExperimentState.Pending or ExperimentState.Running or ExperimentState.Unspecified)
                    {
                        logger.LogInformation("going on with {Run}", directory.Id);
                        Enqueue(directory, directory.ReadOptions());
                    }
                    else
                    {
                        _records[directory.Id] = new ExperimentRecord(directory, directory.ReadOptions(), () => board.HasEvaluator);
                    }
                }
            }
            catch (Exception error) when (error is SpecException or IOException or UnauthorizedAccessException)
            {
                logger.LogWarning("run {Run} cannot be taken up: {Message}", directory.Path, error.Message);
            }
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
        if (held is not null)
        {
            record.TryOwn(held);
        }

        _records[directory.Id] = record;
        Waiting.Add(record);
        return record;
    }
}
