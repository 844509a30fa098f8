using Rapid.Agents.OffPolicy;
using Rapid.Agents.Sac;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Protocol.Specs;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests.OffPolicy;

public sealed class SacUpdateTests
{
    public static TheoryData<StdParameterization, CriticLoss, int, int> Variants() => new()
    {
        { StdParameterization.TanhLogStd, CriticLoss.SquaredError, 2, 1 },
        { StdParameterization.Softplus, CriticLoss.LogCosh, 1, 1 },
        { StdParameterization.ClippedLogStd, CriticLoss.HalfSquaredError, 1, 3 },
    };

    [Theory, MemberData(nameof(Variants))]
    public void Updates_are_those_of_autograd_on_the_written_losses(
        StdParameterization std, CriticLoss loss, int policyDelay, int targetDelay)
    {
        var sac = new SacOptions
        {
            StdParameterization = std,
            CriticLoss = loss,
            PolicyDelay = policyDelay,
            TargetDelay = targetDelay,
            InitialLogAlpha = -1,
            Tau = 0.1,
            PolicyLearningRate = 2e-3,
            CriticLearningRate = 1e-3,
            TemperatureLearningRate = 3e-3,
            AdamEpsilon = 1e-4,
        };
        var options = Sacs.Options(sac);
        var layout = Sacs.Layout(options);
        using var algorithm = new SacLearner(options, layout, CPU);
        using var reference = new ReferenceSac(options, layout, Sacs.Save(algorithm).Tensors);

        for (var update = 1; update <= 7; update++)
        {
            using var ours = Sacs.Batch(options, layout, update);
            using var theirs = Sacs.Batch(options, layout, update);
            algorithm.Update(ours);
            reference.Update(theirs, update);
        }

        var tensors = Sacs.Save(algorithm).Tensors;
        foreach (var (name, expected) in reference.Parameters)
        {
            Sacs.AssertClose(TensorMemory.Floats(expected), tensors[name].Floats(), 2e-4);
        }
    }

    [Fact]
    public void A_resumed_run_goes_on_bit_for_bit() =>
        Sacs.AssertGoesOnBitForBit(Sacs.Options(), (options, layout) => new SacLearner(options, layout, CPU));

    [Fact]
    public void A_checkpoint_of_another_layout_is_refused()
    {
        var (options, other) = (Sacs.Options(), Sacs.Options(network: new NetworkOptions { HiddenSizes = [4] }));
        using var algorithm = new SacLearner(options, Sacs.Layout(options), CPU);
        using var smaller = new SacLearner(other, Sacs.Layout(other), CPU);
        var saved = Sacs.Save(smaller).ToRestore();

        var error = Assert.Throws<InvalidDataException>(() => algorithm.Visit(saved));

        Assert.Contains("policy.parameters has", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_that_is_not_finite_changes_no_weight_and_is_counted()
    {
        var options = Sacs.Options(new SacOptions { PolicyDelay = 1, Tau = 1 });
        var layout = Sacs.Layout(options);
        using var algorithm = new SacLearner(options, layout, CPU);
        var before = Sacs.Save(algorithm).Tensors;
        using var batch = Sacs.Batch(options, layout);
        batch.Rewards.fill_(float.NaN);

        algorithm.Update(batch);

        var after = Sacs.Save(algorithm).Tensors;
        Assert.True(before["critics.parameters"].Bytes.Span.SequenceEqual(after["critics.parameters"].Bytes.Span));
        Assert.All(
            after.Values.Where(tensor => tensor.Type == "F32"),
            tensor => Assert.DoesNotContain(tensor.Floats().ToArray(), float.IsNaN));
        Assert.Equal(1, algorithm.ReadFigures().Single(figure => figure.Name == "skipped_gradient_steps").Value);

        // In every life of the run.
        using var resumed = new SacLearner(options, layout, CPU);
        var saved = Sacs.Save(algorithm);
        resumed.Visit(saved.ToRestore());
        Assert.Equal(1, resumed.ReadFigures().Single(figure => figure.Name == "skipped_gradient_steps").Value);
    }

    [Fact]
    public void A_temperature_without_step_size_stays()
    {
        var options = Sacs.Options(new SacOptions { TemperatureLearningRate = 0, InitialLogAlpha = -2, PolicyDelay = 1 });
        var layout = Sacs.Layout(options);
        using var algorithm = new SacLearner(options, layout, CPU);
        using var batch = Sacs.Batch(options, layout);

        algorithm.Update(batch);

        Assert.Equal(Math.Exp(-2), algorithm.ReadFigures().Single(figure => figure.Name == "alpha").Value, 1e-6);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0.4337808, 0.7615942)]
    [InlineData(-3, 2.3093286, -0.9950548)]
    [InlineData(80, 79.306853, 1)]
    public void Log_cosh_and_its_slope_match_hand_computed_values(float error, double loss, double slope)
    {
        using var scope = NewDisposeScope();
        var leaf = tensor(error).requires_grad_();
        var actual = TwinCritics.Loss(leaf, CriticLoss.LogCosh);
        actual.backward();
        Assert.Equal(loss, actual.ToSingle(), 1e-5);
        Assert.Equal(slope, leaf.grad!.ToSingle(), 1e-6);
    }

    [Fact]
    public void The_temperature_falls_while_entropy_is_above_its_target_and_rises_below()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var options = new SacOptions { InitialLogAlpha = Math.Log(0.1), TemperatureLearningRate = 0.01 };
        using var temperature = new Temperature(options, target: -2, CPU);
        Assert.Equal(0.3, Temperature.Loss(temperature.Alpha, tensor(-1f), -2).ToSingle(), 1e-6);

        // Adam's first step is the whole step size, whatever the gradient.
        temperature.Descend(tensor(-1f));
        Assert.Equal(0.1 * Math.Exp(-0.01), temperature.Alpha.ToSingle(), 1e-6);
        for (var i = 0; i < 50; i++)
        {
            temperature.Descend(tensor(4f));
        }

        Assert.True(temperature.Alpha.ToSingle() > 0.1);
    }

    [Fact]
    public void Discrete_critics_learn_the_rewards_of_the_actions_that_were_taken()
    {
        var options = Sacs.Options(new SacOptions { CriticLearningRate = 1e-2, PolicyDelay = 1 });
        var layout = Sacs.Layout(options, new DiscreteSpace(3));
        using var algorithm = new DiscreteSacLearner(options, layout, CPU);
        using var batch = Sacs.Batch(options, layout);
        batch.Continues.zero_();
        var errors = new float[Sacs.Rows];

        for (var i = 0; i < 600; i++)
        {
            algorithm.Update(batch);
        }

        algorithm.ReadErrors(errors);
        Assert.InRange(errors.Average(), 0, 0.1);
    }
}
