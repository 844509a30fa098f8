using Rapid.Agents;
using Rapid.Agents.Sac;
using Rapid.Environments;
using Rapid.Protocol;
using Rapid.Specs;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

/// <summary>What the learner declares is what actors make.</summary>
public sealed class ExperimentBlocksTests
{
    [Theory]
    [InlineData("CartPole-v1", "ppo", false)]
    [InlineData("CartPole-v1", "a2c", true)]
    [InlineData("CartPole-v1", "p3o", false)]
    [InlineData("CartPole-v1", "sac", false)]
    [InlineData("Pendulum-v1", "ppo", true)]
    [InlineData("Pendulum-v1", "p3o", true)]
    [InlineData("Pendulum-v1", "sac", true)]
    [InlineData("DuelNoFrameskip-v4", "ppo", false)]
    public void Blocks_of_every_kind_are_as_declared(string environment, string algorithm, bool normalize)
    {
        var options = SpecReader.ReadYaml(
            $"environment: {{ name: {environment} }}\nnormalization: {{ observations: {(normalize ? "true" : "false")}, "
                + $"rewards: {(normalize && algorithm != "sac" ? "true" : "false")} }}",
            [$"algorithm.name={algorithm}", "algorithm.rollout_steps=64", "actors.environments=2", "actors.count=3"]);
        using var made = EnvironmentFactory.Create(options.Environment);
        var layout = ExperimentPolicy.LayoutOf(options, made.ObservationSpace, made.ActionSpace);
        IEnvironment Make() => EnvironmentFactory.Create(options.Environment);
        using ICollector collector = options.Algorithm is SacOptions
            ? new TransitionCollector(options, 0, Make)
            : new RolloutCollector(options, 0, Make);
        var snapshot = Snapshot(layout, options.Network, 1);
        snapshot.ObservationNormalizer = normalize ? FreshNormalizer(layout.ObservationSize) : null;
        var signature = ExperimentBlocks.SignatureOf("run", options, made.ObservationSpace, made.ActionSpace);
        Assert.Null(BlockSignatures.Problem(signature));
        for (ulong sequence = 1; sequence <= 2; sequence++)
        {
            var block = collector.Collect(snapshot, default)!;
            (block.Experiment, block.Producer, block.Sequence) = ("run", "p", sequence);
            Assert.Null(BlockValidator.Problem(block) ?? signature.Problem(block));
        }
    }
}
