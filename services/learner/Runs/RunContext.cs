using Microsoft.Extensions.Logging;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Metrics;
using Rapid.Learner.Publishing;
using Rapid.Learner.Replay;
using Rapid.Protocol.Specs;

namespace Rapid.Learner.Runs;

/// <summary>What a training loop works with.</summary>
/// <param name="Options">The experiment.</param>
/// <param name="Directory">Its folder.</param>
/// <param name="Policies">Where weights go.</param>
/// <param name="Evaluations">Where scores come from.</param>
/// <param name="Metrics">Where figures go.</param>
/// <param name="Checkpoints">Where it goes on from.</param>
/// <param name="Tables">Where experience comes from.</param>
/// <param name="Games">What its actors are in the middle of, in lockstep.</param>
/// <param name="Wait">Says what keeps the run from going on.</param>
/// <param name="Logger">Hears what goes wrong.</param>
/// <param name="Data">What an offline run learns from; null of others.</param>
/// <param name="Kept">Where its transitions are kept; null of a run that keeps none.</param>
public sealed record RunContext(
    ExperimentOptions Options, RunDirectory Directory, PolicyHub Policies, EvaluationInbox Evaluations, RunMetrics Metrics,
    CheckpointStore Checkpoints, RunTables Tables, GameLog Games, Action<string> Wait, ILogger Logger, OfflineData? Data = null,
    KeptData? Kept = null)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Fresh blocks, of a run that has them.</summary>
    public ITable<ReceivedBlock> Trajectories => Tables.Queue!;

    /// <summary>The experiment's id.</summary>
    public string Id => Directory.Id;

    /// <summary>Writes the checkpoint that a run which is broken off goes on from, waiting for room where there is none: without it, what
    /// was learned since the one before would be lost.</summary>
    /// <exception cref="IOException">It cannot be written, and the run may not wait any longer.</exception>
    public async Task SaveAsync(Action save, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(save);
        while (true)
        {
            try
            {
                save();
                return;
            }
            catch (Exception error) when (RunObstacle.IsOfDisk(error) && !cancellation.IsCancellationRequested)
            {
                Logger.LogWarning("the checkpoint that {Run} goes on from cannot be written, trying again: {Message}", Id, error.Message);
                Wait($"a checkpoint cannot be written: {error.Message}");
            }

            await Task.Delay(Pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
