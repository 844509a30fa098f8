using Rapid.Agents;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Evaluator.Tests;

/// <summary>What an evaluation that samples plays is what actors play.</summary>
public sealed class FrozenPolicyTests
{
    private const int Samples = 20_000;

    [Theory]
    [InlineData("ppo", "CartPole-v1", 2)]
    [InlineData("ppo", "Pendulum-v1", 0)]
    [InlineData("a2c", "Pendulum-v1", 0)]
    [InlineData("sac", "CartPole-v1", 2)]
    [InlineData("sac", "Pendulum-v1", 0)]
    public void Sampled_actions_have_the_moments_of_the_actors_and_the_mode_has_none(string algorithm, string environment, int choices)
    {
        var options = SpecReader.ReadYaml(
            $"{{ environment: {{ name: {environment} }}, algorithm: {{ name: {algorithm} }} }}");
        using var task = EnvironmentFactory.Create(options.Environment);
        var layout = ExperimentPolicy.LayoutOf(options, task.ObservationSpace, task.ActionSpace);
        var parameters = new float[layout.Length];
        Initializer.Initialize(layout, options.Network, new RandomStream(3), parameters);
        var snapshot = new PolicySnapshot { Graph = layout.Graph, Parameters = TensorCodec.ToByteString<float>(parameters) };
        var observation = new float[task.ObservationSpace.Size];
        task.Reset(new RandomStream(4), observation);

        using var evaluator = new FrozenPolicy(task.ObservationSpace, task.ActionSpace, isDeterministic: false, threads: 1);
        evaluator.Load(snapshot);
        using var actor = new PolicyInference(layout);
        actor.Load(parameters);
        var (played, acted, action) = (new double[Samples], new double[Samples], new float[layout.ActionSize]);
        RandomStream[] evaluatorNoise = [new(5)], actorNoise = [new(6)];
        for (var i = 0; i < Samples; i++)
        {
            evaluator.Act(observation, isFirst: true, evaluatorNoise, action);
            played[i] = action[0];
            actor.Sample(observation, actorNoise, action);
            acted[i] = task.ActionSpace is BoxSpace box ? Math.Clamp(action[0], box.Low[0], box.High[0]) : action[0];
        }

        var (mean, deviation) = Moments(acted);
        var (playedMean, playedDeviation) = Moments(played);
        Assert.InRange(deviation, 0.1, 3);
        Assert.InRange(playedMean, mean - 6 * deviation / Math.Sqrt(Samples), mean + 6 * deviation / Math.Sqrt(Samples));
        Assert.InRange(playedDeviation, deviation * 0.96, deviation * 1.04);
        Assert.True(choices == 0 || played.Distinct().Count() == choices);

        using var deterministic = new FrozenPolicy(task.ObservationSpace, task.ActionSpace, isDeterministic: true, threads: 1);
        deterministic.Load(snapshot);
        deterministic.Act(observation, isFirst: true, evaluatorNoise, action);
        var first = action[0];
        deterministic.Act(observation, isFirst: true, evaluatorNoise, action);
        Assert.Equal(first, action[0]);
    }

    [Fact]
    public void A_snapshot_that_nobody_can_act_with_is_refused_in_words()
    {
        var options = SpecReader.ReadYaml("environment: { name: CartPole-v1 }");
        using var task = EnvironmentFactory.Create(options.Environment);
        var graph = ExperimentPolicy.LayoutOf(options, task.ObservationSpace, task.ActionSpace).Graph;
        using var policy = new FrozenPolicy(task.ObservationSpace, task.ActionSpace, isDeterministic: true, threads: 1);
        var elsewhere = ExperimentPolicy.LayoutOf(options, BoxSpace.Unbounded(3), task.ActionSpace).Graph;

        Refused(new PolicySnapshot(), "does not say its network");
        Refused(new PolicySnapshot { Graph = elsewhere }, "another environment");
        Refused(new PolicySnapshot { Graph = graph }, "0 bytes of parameters");
        Refused(
            new PolicySnapshot { Graph = graph, ObservationNormalizer = new NormalizerState { Count = 1 } },
            "clips normalised observations to 0");
        Assert.Throws<InvalidOperationException>(() =>
        {
            using var fresh = new FrozenPolicy(task.ObservationSpace, task.ActionSpace, isDeterministic: true, threads: 1);
            fresh.Act(new float[4], isFirst: true, [], new float[1]);
        });

        void Refused(PolicySnapshot snapshot, string part) =>
            Assert.Contains(part, Assert.Throws<InvalidDataException>(() => policy.Load(snapshot)).Message, StringComparison.Ordinal);
    }

    private static (double Mean, double Deviation) Moments(double[] values)
    {
        var mean = values.Average();
        return (mean, Math.Sqrt(values.Average(value => (value - mean) * (value - mean))));
    }
}
