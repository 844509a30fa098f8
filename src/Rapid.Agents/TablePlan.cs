namespace Rapid.Agents;

/// <summary>A table that a run needs.</summary>
/// <param name="CapacitySteps">Environment steps that it holds.</param>
public abstract record TablePlan(long CapacitySteps);

/// <summary>Fresh blocks, each once, from actors to the learner.</summary>
/// <param name="CapacitySteps">Environment steps that may wait.</param>
public sealed record QueuePlan(long CapacitySteps) : TablePlan(CapacitySteps);

/// <summary>Old blocks, which the learner appends after it has learned from them, and draws sequences of.</summary>
/// <param name="CapacitySteps">Environment steps that it holds.</param>
/// <param name="MinimumSteps">Steps that it holds before anything is drawn.</param>
/// <param name="Sequences">Sequences of a batch (B).</param>
public sealed record SequencesPlan(long CapacitySteps, long MinimumSteps, int Sequences) : TablePlan(CapacitySteps);

/// <summary>Transitions, drawn again and again.</summary>
/// <param name="CapacitySteps">Environment steps that it holds.</param>
/// <param name="MinimumSteps">Steps that it holds before anything is drawn.</param>
public sealed record TransitionsPlan(long CapacitySteps, long MinimumSteps) : TablePlan(CapacitySteps)
{
    /// <summary>Transitions of a batch (B).</summary>
    public required int BatchSize { get; init; }

    /// <summary>Transitions that are drawn for each step that is collected: what holds collection and learning together.</summary>
    public required double SamplesPerStep { get; init; }

    /// <summary>Rewards summed before the bootstrap.</summary>
    public required int NSteps { get; init; }

    /// <summary>Discount.</summary>
    public required double Gamma { get; init; }
}
