using System.Text.Json.Nodes;
using Rapid.Agents;
using Rapid.Agents.A2c;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.P3o;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Environments.Registry;
using Rapid.Learner.Training;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests.Algorithms;

public class A2cTests
{
    private const int Steps = 4;

    [Fact]
    public void The_loss_is_policy_gradient_plus_unhalved_value_error_less_entropy()
    {
        using var scope = NewDisposeScope();
        var options = new A2cOptions { ValueCoefficient = 0.5, EntropyCoefficient = 0.01 };
        var (loss, policyLoss, valueLoss) = AdvantageActorCritic.Losses(
            tensor(new[] { -1f, -2 }), tensor(0.7f), tensor(new[] { 1f, 3 }), tensor(new[] { 2f, -1 }), tensor(new[] { 2f, 1 }), options);
        Assert.Equal(0, policyLoss.ToDouble(), 1e-6); // -(2 * -1 + -1 * -2) / 2
        Assert.Equal(2.5, valueLoss.ToDouble(), 1e-6); // (1 + 4) / 2
        Assert.Equal(0.5 * 2.5 - 0.01 * 0.7, loss.ToDouble(), 1e-6);
    }

    [Theory]
    [InlineData(true, 2.302847, 1.495850, 1.7, 1.394)]
    [InlineData(false, 2.4602, 1.58, 1.7, 1.394)]
    public void Advantages_are_gae_or_n_step_returns_less_values(bool gae, params double[] expected)
    {
        var (options, layout) = Make("CartPole-v1", $"gae: {(gae ? "true" : "false")}");
        var batch = new RolloutBatch(layout, (OnPolicyOptions)options.Algorithm, Steps);
        batch.Append(MakeBlock(layout), null, _ => throw new InvalidOperationException("nothing was truncated"));
        for (var t = 0; t < Steps; t++)
        {
            Assert.Equal(expected[t], batch.Advantages[t], 1e-5);
        }

        if (!gae)
        {
            double[] returns = [2.9602, 1.98, 2.0, 1.594];
            Assert.All(returns.Zip(batch.Returns), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Fact]
    public void One_update_is_one_clipped_rmsprop_step_against_the_gradient_of_the_formula()
    {
        using var scope = NewDisposeScope();
        var (options, layout) = Make("CartPole-v1", "learning_rate_schedule: linear");
        using var a2c = new AdvantageActorCritic(options, layout, CPU);
        var block = MakeBlock(layout);
        double[] before = [.. a2c.Policy.Parameters.data<float>().Select(value => (double)value)];
        var figures = a2c.Update([block], 0.25).ToDictionary(figure => figure.Name, figure => figure.Value);
        Assert.Equal(7e-4 * 0.75, figures["learning_rate"], 1e-12);

        // The gradient by finite differences of the loss in plain double precision; then the norm, the clip and RMSProp's first step by
        // hand.
        var parameters = before.ToArray();
        var gradient = new double[before.Length];
        for (var i = 0; i < gradient.Length; i++)
        {
            parameters[i] = before[i] + 1e-6;
            var above = Loss(parameters, layout, block);
            parameters[i] = before[i] - 1e-6;
            gradient[i] = (above - Loss(parameters, layout, block)) / 2e-6;
            parameters[i] = before[i];
        }

        var norm = Math.Sqrt(gradient.Sum(g => g * g));
        Assert.True(norm > 0.5, "the test needs a gradient that is clipped");
        Assert.Equal(norm, figures["gradient_norm"], 1e-4);
        var after = a2c.Policy.Parameters.data<float>().ToArray();
        for (var i = 0; i < after.Length; i++)
        {
            var clipped = gradient[i] * 0.5 / norm;
            Assert.Equal(before[i] - 7e-4 * 0.75 * clipped / (Math.Sqrt(0.01) * Math.Abs(clipped) + 1e-5), after[i], 2e-5);
        }
    }

    [Theory]
    [InlineData("a2c", "optimizer: rmsprop")]
    [InlineData("a2c", "optimizer: adam")]
    [InlineData("p3o", "sample_multiplier: 1")]
    [InlineData("ppo", "minibatches: 2, epochs: 2")]
    public void A_restored_algorithm_goes_on_bit_for_bit(string name, string algorithm)
    {
        var (options, layout) = Make("CartPole-v1", algorithm, name);
        using var original = (IRolloutLearner)LearnerFactory.Create(options, layout);
        using var restored = (IRolloutLearner)LearnerFactory.Create(options with { Seed = 99 }, layout);
        original.Update([MakeBlock(layout)], 0);
        var saved = new StateBag();
        original.Visit(saved);
        restored.Visit(new StateBag(saved.Tensors, JsonNode.Parse(saved.Values.ToJsonString())!.AsObject()));
        var (first, second) = (new float[layout.Length], new float[layout.Length]);
        for (var i = 0; i < 3; i++)
        {
            original.Update([MakeBlock(layout)], 0.5);
            restored.Update([MakeBlock(layout)], 0.5);
            Assert.Equal((original as IReplayingLearner)?.DrawReplays(), (restored as IReplayingLearner)?.DrawReplays());
        }

        TensorMemory.CopyTo(original.Parameters, first);
        TensorMemory.CopyTo(restored.Parameters, second);
        Assert.Equal(first, second);
    }

    [Fact]
    public void A_gradient_that_is_not_finite_moves_nothing_and_is_counted()
    {
        var (options, layout) = Make("CartPole-v1", "gae: true");
        using var a2c = new AdvantageActorCritic(options, layout, CPU);
        var (before, after) = (new float[layout.Length], new float[layout.Length]);
        TensorMemory.CopyTo(a2c.Parameters, before);
        var figures = a2c.Update([MakeBlock(layout, reward: float.NaN)], 0);
        TensorMemory.CopyTo(a2c.Parameters, after);
        Assert.Equal(before, after);
        Assert.Contains(("skipped_gradient_steps", 1.0), figures);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Only_the_authors_guard_skips_a_batch_without_any_return(bool guard, bool moves)
    {
        var (options, layout) = Make("CartPole-v1", $"repo_guards: {(guard ? "true" : "false")}", "p3o");
        using var p3o = new P3oLearner(options, layout, CPU);
        var (before, after) = (new float[layout.Length], new float[layout.Length]);
        TensorMemory.CopyTo(p3o.Parameters, before);
        var block = new Trajectory { Steps = Steps, Environments = 1 };
        var full = MakeBlock(layout);
        block.Columns.AddRange(full.Columns.Where(column => column.Name is not (TrajectoryColumns.Rewards or TrajectoryColumns.Values)));
        block.Add<float>(TrajectoryColumns.Rewards, new float[Steps], Steps, 1);
        block.Add<float>(TrajectoryColumns.Values, new float[Steps + 1], Steps + 1, 1);
        p3o.Update([block], 0);
        TensorMemory.CopyTo(p3o.Parameters, after);
        Assert.Equal(moves, !before.AsSpan().SequenceEqual(after));
    }

    private static double Loss(double[] parameters, PolicyLayout layout, Trajectory block)
    {
        var policy = new ReferencePolicy(layout, parameters);
        double[] advantages = [2.302847, 1.495850, 1.7, 1.394], values = [.5, .4, .3, .2];
        var loss = 0.0;
        for (var t = 0; t < Steps; t++)
        {
            var observations = block.Floats(TrajectoryColumns.Observations, Steps + 1, 1, layout.ObservationSize);
            var (head, value) = policy.Evaluate(observations.Slice(t * layout.ObservationSize, layout.ObservationSize));
            var logProbabilities = ReferencePolicy.LogSoftmax(head);
            loss -= advantages[t] * logProbabilities[(int)block.Longs(TrajectoryColumns.Actions, Steps, 1)[t]];
            loss += 0.5 * Math.Pow(advantages[t] + values[t] - value, 2);
            loss += 0.01 * logProbabilities.Sum(logProbability => Math.Exp(logProbability) * logProbability);
        }

        return loss / Steps;
    }

    /// <summary>The rewards, values and end of the check vectors for advantages.</summary>
    private static Trajectory MakeBlock(PolicyLayout layout, float reward = 1)
    {
        var random = new RandomStream(5);
        var block = new Trajectory { Steps = Steps, Environments = 1 };
        float[] observations = [.. Enumerable.Range(0, (Steps + 1) * layout.ObservationSize).Select(_ => (float)random.NextNormal())];
        block.Add<float>(TrajectoryColumns.Observations, observations, Steps + 1, 1, layout.ObservationSize);
        block.Add<long>(TrajectoryColumns.Actions, [0, 1, 1, 0], Steps, 1);
        block.Add<float>(TrajectoryColumns.Rewards, [reward, 0, 2, 1], Steps, 1);
        block.Add<byte>(TrajectoryColumns.Terminated, [0, 0, 1, 0], Steps, 1);
        block.Add<byte>(TrajectoryColumns.Truncated, new byte[Steps], Steps, 1);
        block.Add<float>(TrajectoryColumns.LogProbabilities, new float[Steps], Steps, 1);
        block.Add<float>(TrajectoryColumns.Values, [.5f, .4f, .3f, .2f, .6f], Steps + 1, 1);
        block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, layout.ObservationSize);
        return block;
    }

    private static (ExperimentOptions Options, PolicyLayout Layout) Make(string name, string algorithm, string kind = "a2c")
    {
        var options = SpecReader.ReadYaml(
            $$"""
            environment: { name: {{name}} }
            actors: { environments: 1 }
            algorithm: { name: {{kind}}, rollout_steps: {{Steps}}, {{algorithm}} }
            network: { hidden_sizes: [4], policy_gain: 0.5 }
            """);
        using var environment = EnvironmentRegistry.Create(name);
        return (options, ExperimentPolicy.LayoutOf(options, environment.ObservationSpace, environment.ActionSpace));
    }
}
