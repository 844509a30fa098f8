using Rapid.Protocol.Specs;

namespace Rapid.Agents;

/// <summary>An experiment whose single fields are valid, and what is wrong with them together.</summary>
/// <param name="experiment">The experiment.</param>
public sealed class SpecCheck(ExperimentOptions experiment)
{
    private readonly List<(string Field, string Message)> _problems = [];

    /// <summary>The experiment.</summary>
    public ExperimentOptions Experiment => experiment;

    /// <summary>All that was refused.</summary>
    public IReadOnlyList<(string Field, string Message)> Problems => _problems;

    /// <summary>One block of each actor, for a message.</summary>
    public string Round =>
        $"{experiment.RoundSteps} steps (rollout_steps {experiment.Algorithm.RolloutSteps} x actors.environments "
        + $"{experiment.Actors.Environments} x actors.count {experiment.Actors.Count})";

    /// <summary>Notes a problem.</summary>
    /// <param name="field">For example "algorithm.minibatches".</param>
    /// <param name="message">The value, what is wrong with it and what is allowed.</param>
    public void Refuse(string field, string message) => _problems.Add((field, message));
}
