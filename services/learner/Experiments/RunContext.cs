using Rapid.Learner.Checkpoints;
using Rapid.Learner.Metrics;
using Rapid.Learner.Replay;
using Rapid.Learner.Services;
using Rapid.Protocol.Specs;

namespace Rapid.Learner.Experiments;

/// <summary>What a training loop works with.</summary>
/// <param name="Options">The experiment.</param>
/// <param name="Directory">Its folder.</param>
/// <param name="Policies">Where weights go.</param>
/// <param name="Evaluations">Where scores come from.</param>
/// <param name="Metrics">Where figures go.</param>
/// <param name="Checkpoints">Where it goes on from.</param>
/// <param name="Tables">Where experience comes from.</param>
/// <param name="Data">What an offline run learns from; null of others.</param>
public sealed record RunContext(
    ExperimentOptions Options, RunDirectory Directory, PolicyHub Policies, EvaluationInbox Evaluations, RunMetrics Metrics,
    CheckpointStore Checkpoints, RunTables Tables, OfflineData? Data = null)
{
    /// <summary>Fresh blocks, of a run that has them.</summary>
    public IBlockSource Trajectories => Tables.Queue!;

    /// <summary>The experiment's id.</summary>
    public string Id => Directory.Id;
}
