using Rapid.Protocol.V1;

namespace Rapid.Agents.OnPolicy;

/// <summary>An algorithm that, after each update on fresh blocks, also learns from sequences of old ones.</summary>
public interface IReplayingLearner : IRolloutLearner
{
    /// <summary>Sequences of a replayed batch (B), each of rollout_steps (T).</summary>
    int ReplaySequences { get; }

    /// <summary>How many replayed batches follow the next update; drawn from the checkpointed random state.</summary>
    int DrawReplays();

    /// <summary>Learns from one replayed batch, after the update that it belongs to.</summary>
    /// <param name="sequences">T steps of B environments, with the behaviour's distributions.</param>
    /// <param name="progress">Part of the run that is over, in [0, 1).</param>
    void Replay(Trajectory sequences, double progress);

    /// <summary>Mean figures of the replayed batches since the last call; none when there were none.</summary>
    IReadOnlyList<(string Name, double Value)> TakeReplayFigures();
}
