using Rapid.Core;
using Rapid.Environments.Languages;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Described;

/// <summary>A task description is wrong; one line of the message is one problem.</summary>
/// <param name="file">Name of the file, for the message.</param>
/// <param name="problems">At least one.</param>
public sealed class TaskFormatException(string file, IReadOnlyList<SourceProblem> problems) : DescriptionException(file, problems);

/// <summary>A named value that is computed into its slots.</summary>
/// <param name="Name">As written.</param>
/// <param name="Value">One number or many.</param>
/// <param name="Slot">Where it goes.</param>
internal sealed record NamedValue(string Name, Node Value, Slot Slot);

/// <summary>A named part of observation or reward.</summary>
/// <param name="Name">As written.</param>
/// <param name="Value">Of a reward one number.</param>
/// <param name="At">Where it stands.</param>
internal sealed record Term(string Name, Node Value, SourceSpan At);

/// <summary>How an episode begins, in this order.</summary>
internal sealed record ResetRules
{
    /// <summary>Joints that are put anywhere within their range.</summary>
    public bool ScatterLimited { get; init; }

    /// <summary>Also turns hinges without a range, balls and free bodies anywhere.</summary>
    public bool ScatterTurning { get; init; }

    /// <summary>Values drawn once a reset.</summary>
    public NamedValue[] Draw { get; init; } = [];

    /// <summary>Parts of the state and what they are set to.</summary>
    public IReadOnlyList<(StateSlice Target, Node Value)> Set { get; init; } = [];

    /// <summary>Physics steps without control.</summary>
    public int SettleSteps { get; init; }

    /// <summary>True when another state has to be drawn.</summary>
    public Node? Reject { get; init; }
}

/// <summary>A task on a MuJoCo model, compiled; environments on many threads share it.</summary>
internal sealed record TaskDescription
{
    /// <summary>For messages.</summary>
    public required string File { get; init; }

    public required MuJoCoModel Model { get; init; }

    /// <summary>Where the model was read.</summary>
    public required string ModelFile { get; init; }

    public required string Summary { get; init; }

    /// <summary>Physics steps of an environment step.</summary>
    public required int FrameSkip { get; init; }

    public required double StepSeconds { get; init; }

    public required int EpisodeSteps { get; init; }

    public double? SolvedAt { get; init; }

    /// <summary>Numbers that a spec may change, and their defaults.</summary>
    public required IReadOnlyList<(string Name, double Default, Slot Slot)> Options { get; init; }

    public required BoxSpace Actions { get; init; }

    /// <summary>What the actuators get, [nu]; the action when null.</summary>
    public Node? Control { get; init; }

    public required ResetRules Reset { get; init; }

    /// <summary>Computed after every step, in order.</summary>
    public required NamedValue[] Values { get; init; }

    public required (Node Value, Slot Slot)[] Before { get; init; }

    public required Term[] Observation { get; init; }

    /// <summary>Added up.</summary>
    public required Term[] Reward { get; init; }

    /// <summary>True ends the episode for good.</summary>
    public Node? Terminated { get; init; }

    /// <summary>Names of the arrays of the state that are read.</summary>
    public required IReadOnlyList<string> Arrays { get; init; }

    /// <summary>Numbers that a state keeps.</summary>
    public required int SlotCount { get; init; }

    /// <summary>Joints as a reset scatters them.</summary>
    public required (int Address, int Type, bool IsLimited, double Low, double High)[] Joints { get; init; }

    public int ObservationSize => Observation.Sum(term => term.Value.Size);
}
