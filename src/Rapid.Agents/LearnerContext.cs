using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents;

/// <summary>What a learner is made for.</summary>
/// <param name="Experiment">The experiment.</param>
/// <param name="Layout">The parameters of the policy that acts.</param>
/// <param name="Device">Where the networks live.</param>
public sealed record LearnerContext(ExperimentOptions Experiment, PolicyLayout Layout, Device Device);
