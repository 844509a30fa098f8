using Rapid.Agents;
using Rapid.Agents.Networks;
using Rapid.Agents.Optimizers;
using Rapid.Core;
using Rapid.Environments.Registry;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Specs;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests;

public class ActorCriticTests
{
    [Theory]
    [InlineData("HalfCheetah-v4", false)]
    [InlineData("HalfCheetah-v4", true)]
    [InlineData("CartPole-v1", false)]
    public void Actors_and_learner_compute_the_same_policy(string environment, bool shared)
    {
        using var scope = NewDisposeScope();
        var (layout, network, random) = Make(environment, shared);
        using var policy = new ActorCritic(layout, network, random, CPU);
        var observations = new float[5 * layout.ObservationSize];
        foreach (ref var value in observations.AsSpan())
        {
            value = (float)random.NextNormal();
        }

        var inference = new PolicyInference(layout);
        inference.Load(policy.Parameters.data<float>().ToArray());
        RandomStream[] noise = [.. Enumerable.Range(0, 5).Select(i => new RandomStream((ulong)i))];
        var (actions, logProbabilities, values) = (new float[5 * layout.ActionSize], new float[5], new float[5]);
        inference.Act(observations, noise, actions, logProbabilities, values);

        var (head, learned) = policy.Forward(tensor(observations, [5, layout.ObservationSize]));
        var scored = policy.LogStd is { } logStd
            ? DiagonalGaussian.LogProbability(head, logStd, tensor(actions, [5, layout.ActionSize]))
            : Categorical.LogProbability(head.log_softmax(1), tensor(actions.Select(a => (long)a).ToArray(), [5, 1]));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(learned.data<float>()[i], values[i], 1e-4);
            Assert.Equal(scored.data<float>()[i], logProbabilities[i], 1e-4);
        }
    }

    [Fact]
    public void Gradients_of_all_layers_gather_in_one_flat_buffer()
    {
        using var scope = NewDisposeScope();
        var (layout, network, random) = Make("HalfCheetah-v4", shared: false);
        using var policy = new ActorCritic(layout, network, random, CPU);
        var (head, values) = policy.Forward(randn(8, layout.ObservationSize));
        policy.Backward(head.square().sum() + values.square().sum() + policy.LogStd!.sum());
        var gradients = policy.Gradients.data<float>().ToArray();
        foreach (var slice in layout.Parameters)
        {
            Assert.Contains(gradients.AsSpan(slice.Offset, slice.Length).ToArray(), gradient => gradient != 0);
        }

        policy.Gradients.zero_();
        policy.Backward(policy.Forward(randn(8, layout.ObservationSize)).Values.sum());
        gradients = policy.Gradients.data<float>().ToArray();
        var weights = gradients.AsSpan(layout["policy.weight"].Offset, layout["policy.weight"].Length).ToArray();
        Assert.All(weights, gradient => Assert.Equal(0, gradient));
    }

    [Theory]
    [InlineData("HalfCheetah-v4", false, Activation.Tanh)]
    [InlineData("HalfCheetah-v4", true, Activation.Relu)]
    [InlineData("CartPole-v1", false, Activation.Relu)]
    [InlineData("CartPole-v1", true, Activation.Tanh)]
    public void Passes_by_hand_equal_those_of_autograd(string environment, bool shared, Activation activation)
    {
        using var scope = NewDisposeScope();
        var (layout, network, random) = Make(environment, shared, activation);
        using var policy = new ActorCritic(layout, network, random, CPU);
        foreach (var rows in new[] { 1, 8, 33, 8 })
        {
            var (observations, slopes) = (randn(rows, layout.ObservationSize), randn(rows, layout.Outputs));
            policy.Gradients.zero_();
            var (head, values) = policy.Forward(observations);
            // A pass without gradients comes between.
            using (no_grad())
            {
                policy.Forward(randn(rows, layout.ObservationSize));
            }

            var loss = (head * slopes).sum() + values.square().sum();
            var actions = randn(rows, layout.Outputs);
            if (!layout.IsDiscrete)
            {
                loss += policy.Score(head, actions).LogProbabilities.exp().sum() + policy.LogStd!.square().sum();
            }

            policy.Backward(loss);

            var flat = policy.Parameters.clone().requires_grad_();
            var (expectedHead, expectedValues) = Reference(layout, flat, observations);
            var expectedLoss = (expectedHead * slopes).sum() + expectedValues.square().sum();
            if (!layout.IsDiscrete)
            {
                var logStd = flat.narrow(0, layout["policy.log_std"].Offset, layout.Outputs);
                expectedLoss += DiagonalGaussian.LogProbability(expectedHead, logStd, actions).exp().sum() + logStd.square().sum();
            }

            expectedLoss.backward();
            Assert.Equal(expectedLoss.ToDouble(), loss.ToDouble(), 1e-3 * Math.Abs(loss.ToDouble()));
            Assert.True(head.allclose(expectedHead, 1e-4, 1e-5));
            Assert.True(values.allclose(expectedValues, 1e-4, 1e-5));
            Assert.True(policy.Gradients.allclose(flat.grad!, 1e-3, 1e-4));
        }
    }

    [Fact]
    public void Flat_adam_equals_the_textbook_update()
    {
        using var scope = NewDisposeScope();
        var (parameters, gradients) = (tensor(new[] { 1f, -2, 3 }), tensor(new[] { 0.3f, -0.1f, 2 }));
        using var adam = new FlatAdam(parameters, gradients, 1e-5);
        double[] expected = [1, -2, 3], first = new double[3], second = new double[3];
        for (var t = 1; t <= 5; t++)
        {
            adam.Step(7e-4);
            for (var i = 0; i < 3; i++)
            {
                double g = new[] { 0.3, -0.1, 2 }[i];
                first[i] = 0.9 * first[i] + 0.1 * g;
                second[i] = 0.999 * second[i] + 0.001 * g * g;
                expected[i] -= 7e-4 * (first[i] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(second[i] / (1 - Math.Pow(0.999, t))) + 1e-5);
            }
        }

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(expected[i], parameters.data<float>()[i], 1e-5);
        }
    }

    /// <summary>Head [B, outputs] and values [B] of a network whose flat parameters are an autograd leaf.</summary>
    private static (Tensor Head, Tensor Values) Reference(PolicyLayout layout, Tensor flat, Tensor observations)
    {
        Tensor Of(string name) => flat.narrow(0, layout[name].Offset, layout[name].Length).view([.. layout[name].Shape.Select(n => (long)n)]);
        var features = new Tensor[layout.Towers];
        for (var tower = 0; tower < layout.Towers; tower++)
        {
            features[tower] = observations;
            for (var layer = 0; layer < layout.HiddenSizes.Count; layer++)
            {
                var sums = features[tower].matmul(Of($"body.{layer}.weight")[tower].t()) + Of($"body.{layer}.bias")[tower];
                features[tower] = layout.Activation == Activation.Tanh ? sums.tanh() : sums.relu();
            }
        }

        return (
            features[0].matmul(Of("policy.weight").t()) + Of("policy.bias"),
            (features[^1].matmul(Of("value.weight").t()) + Of("value.bias")).view(-1));
    }

    private static (PolicyLayout Layout, NetworkOptions Network, RandomStream Random) Make(
        string name, bool shared, Activation activation = Activation.Tanh)
    {
        var function = activation == Activation.Tanh ? "tanh" : "relu";
        var network =
            $"{{ shared: {(shared ? "true" : "false")}, initial_log_std: -0.3, policy_gain: 0.5, activation: {function} }}";
        var options = SpecReader.ReadYaml($"{{ environment: {{ name: {name} }}, network: {network} }}");
        using var environment = EnvironmentRegistry.Create(name);
        return (ExperimentPolicy.LayoutOf(options, environment.ObservationSpace, environment.ActionSpace), options.Network, new RandomStream(3));
    }
}
