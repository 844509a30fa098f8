using Rapid.Agents.State;
using Rapid.Agents.Td3;
using Rapid.Core;
using Rapid.Learner.Tests.OffPolicy;
using Rapid.Policies;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests.Td3;

public sealed class Td3UpdateTests
{
    private static readonly Td3Options Small = new()
    {
        BatchSize = Sacs.Rows,
        Tau = 0.1,
        PolicyLearningRate = 2e-3,
        CriticLearningRate = 1e-3,
        AdamEpsilon = 1e-4,
    };

    [Theory]
    [InlineData(2, 0.2, 0.5)]
    [InlineData(1, 2, 0.5)] // most noise is clipped
    [InlineData(3, 0, 0)]
    public void Updates_are_those_of_the_papers_algorithm(int policyDelay, double targetNoise, double noiseClip)
    {
        var options = Sacs.Around(Small with { PolicyDelay = policyDelay, TargetNoise = targetNoise, NoiseClip = noiseClip });
        var layout = Sacs.Layout(options);
        using var algorithm = new Td3Learner(options, layout, CPU);
        using var reference = new ReferenceTd3(options, layout, Sacs.Save(algorithm).Tensors);

        for (var update = 1; update <= 7; update++)
        {
            using var ours = Sacs.Batch(options, layout, update);
            using var theirs = Sacs.Batch(options, layout, update);
            algorithm.Update(ours);
            reference.Update(theirs, update);
        }

        var tensors = Sacs.Save(algorithm).Tensors;
        Assert.All(
            reference.Parameters,
            expected => Sacs.AssertClose(TensorMemory.Floats(expected.Value), tensors[expected.Key].Floats(), 2e-4));
    }

    [Fact]
    public void A_resumed_run_goes_on_bit_for_bit() =>
        Sacs.AssertGoesOnBitForBit(Sacs.Around(Small), (options, layout) => new Td3Learner(options, layout, CPU));

    [Fact]
    public void A_batch_that_is_not_finite_changes_no_weight_and_is_counted()
    {
        var options = Sacs.Around(Small with { PolicyDelay = 1, Tau = 1 });
        var layout = Sacs.Layout(options);
        using var algorithm = new Td3Learner(options, layout, CPU);
        var before = Sacs.Save(algorithm).Tensors["critics.parameters"].Floats().ToArray();
        using var batch = Sacs.Batch(options, layout);
        batch.Rewards.fill_(float.NaN);

        algorithm.Update(batch);

        Assert.Equal(before, Sacs.Save(algorithm).Tensors["critics.parameters"].Floats().ToArray());
        Assert.True(algorithm.ReadFigures().Single(figure => figure.Name == "skipped_gradient_steps").Value > 0);
    }

    [Fact]
    public void What_actors_do_is_what_the_learner_thinks_they_do()
    {
        var options = Sacs.Around(Small);
        var layout = Sacs.Layout(options, new BoxSpace([-2f, -1f], [2f, 3f]));
        using var algorithm = new Td3Learner(options, layout, CPU);
        var parameters = new float[layout.Length];
        TensorMemory.CopyTo(algorithm.Parameters, parameters);
        using var policy = new PolicyInference(layout);
        policy.Load(parameters);
        using var batch = Sacs.Batch(options, layout);
        var observation = TensorMemory.Floats(batch.Inputs)[..Sacs.Observations].ToArray();
        var (mode, sampled) = (new float[2], new float[2]);

        policy.ActMode(observation, mode);
        policy.Sample(observation, [new RandomStream(1)], sampled);

        var head = ReferenceSac.Perceptron(tensor(parameters), [12, 8], 1, 0, tensor(observation).view(1, -1), 2).tanh().data<float>();
        Sacs.AssertClose([2 * head[0], 1 + 2 * head[1]], mode, 1e-5);
        Assert.Equal(mode, sampled);
    }

    [Fact]
    public void Discrete_actions_are_refused_by_name()
    {
        var error = Assert.Throws<Rapid.Specs.SpecException>(() => Rapid.Specs.SpecReader.ReadYaml(
            "{ environment: { name: CartPole-v1 }, algorithm: { name: td3 } }"));

        var problem = Assert.Single(error.Problems);
        Assert.Equal("algorithm.name", problem.Path);
        Assert.Contains("td3 has no discrete actions", problem.Message, StringComparison.Ordinal);
    }
}
