using Rapid.Agents.Networks;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests;

public class PpoLossTests
{
    private static readonly float[] LogRatios = [0.3f, 0.3f, -0.3f, -0.3f];

    [Fact]
    public void Surrogate_loss_equals_the_check_value()
    {
        using var scope = NewDisposeScope();
        var loss = PpoLearner.SurrogateLoss(tensor(LogRatios).exp(), tensor(new[] { 1f, -1, 2, -0.5f }), 0.2);
        Assert.Equal(-0.232944, loss.ToDouble(), 1e-5);
    }

    [Fact]
    public void Approximate_kl_and_clip_fraction_equal_the_check_values()
    {
        var (kl, clipped) = PpoDiagnostics.Divergence(LogRatios, 0.2);
        Assert.Equal(0.045339, kl, 1e-5);
        Assert.Equal(1, clipped);
    }

    [Fact]
    public void Clipped_value_loss_equals_the_check_value()
    {
        using var scope = NewDisposeScope();
        var loss = PpoLearner.ClippedValueLoss(tensor(new[] { 1f, 2 }), tensor(new[] { 0.5f, 2.5f }), tensor(new[] { 1.5f, 1 }), 0.2);
        Assert.Equal(0.5825, loss.ToDouble(), 1e-5);
    }

    [Fact]
    public void Plain_value_loss_is_the_mean_squared_error()
    {
        using var scope = NewDisposeScope();
        Assert.Equal((0.25 + 1) / 2, ActorCriticLosses.ValueLoss(tensor(new[] { 1f, 2 }), tensor(new[] { 1.5f, 1 })).ToDouble(), 1e-6);
    }

    [Theory]
    [InlineData(Deviation.Population, 1.341641, 0.447214)]
    [InlineData(Deviation.Sample, 1.161886, 0.387295)]
    public void Advantages_are_normalised_by_either_deviation(Deviation deviation, double outer, double inner)
    {
        float[] advantages = [1, 2, 3, 4];
        PpoLearner.Normalize(advantages, deviation, 1e-5);
        Assert.Equal(-outer, advantages[0], 1e-4);
        Assert.Equal(-inner, advantages[1], 1e-4);
        Assert.Equal(inner, advantages[2], 1e-4);
        Assert.Equal(outer, advantages[3], 1e-4);
    }

    [Fact]
    public void Equal_advantages_become_zero_and_not_NaN()
    {
        float[] advantages = [2, 2, 2];
        PpoLearner.Normalize(advantages, Deviation.Sample, 0);
        Assert.Equal([0f, 0f, 0f], advantages);
    }

    [Theory]
    [InlineData(128, 0.1f)]
    [InlineData(2048, 0.7f)]
    [InlineData(64, -1234.567f)]
    [InlineData(64, 1e-30f)]
    [InlineData(7, 3e30f)]
    public void Equal_advantages_are_zero_whatever_their_sum_is_rounded_to_and_equal_returns_explain_nothing(int count, float value)
    {
        foreach (var (deviation, epsilon) in (ReadOnlySpan<(Deviation, double)>)[(Deviation.Population, 1e-8), (Deviation.Sample, 0)])
        {
            var advantages = Enumerable.Repeat(value, count).ToArray();
            advantages[^1] = MathF.BitIncrement(value);
            PpoLearner.Normalize(advantages, deviation, epsilon);
            Assert.All(advantages, advantage => Assert.Equal(0, advantage));

            // What differs by more than rounding still counts.
            advantages = [.. Enumerable.Repeat(value, count - 1), value * 1.001f];
            PpoLearner.Normalize(advantages, deviation, 0);
            Assert.Equal(Math.Sign(value), Math.Sign(advantages[^1]));
            Assert.InRange(Math.Abs(advantages[^1]), 1, Math.Sqrt(count));
        }

        var returns = Enumerable.Repeat(value, count).ToArray();
        Assert.True(double.IsNaN(RolloutBatch.ExplainedVariance(new float[count], returns)));
    }

    [Fact]
    public void Gaussian_density_and_entropy_equal_the_check_values()
    {
        using var scope = NewDisposeScope();
        var (mean, logStd) = (tensor(new[] { 0.1f, -0.2f }).view(1, 2), tensor(new[] { 0f, -0.5f }));
        Assert.Equal(-1.847168, DiagonalGaussian.LogProbability(mean, logStd, tensor(new[] { 0.3f, 0.4f }).view(1, 2)).ToDouble(), 1e-5);
        Assert.Equal(2.337877, DiagonalGaussian.Entropy(logStd).ToDouble(), 1e-5);
    }

    [Fact]
    public void Categorical_density_and_entropy_equal_the_check_values()
    {
        using var scope = NewDisposeScope();
        var normalised = tensor(new[] { 1f, 2, 0.5f }).view(1, 3).log_softmax(1);
        Assert.Equal(-0.464369, Categorical.LogProbability(normalised, tensor(new[] { 1L }).view(1, 1)).ToDouble(), 1e-5);
        Assert.Equal(0.905959, Categorical.MeanEntropy(normalised).ToDouble(), 1e-5);
    }

    [Fact]
    public void Explained_variance_is_one_for_perfect_values_zero_for_constant_ones_and_NaN_without_variance()
    {
        Assert.Equal(1, RolloutBatch.ExplainedVariance([1, 2, 3], [1, 2, 3]), 1e-9);
        Assert.Equal(0, RolloutBatch.ExplainedVariance([5, 5, 5], [1, 2, 3]), 1e-9);
        Assert.True(double.IsNaN(RolloutBatch.ExplainedVariance([1, 2, 3], [4, 4, 4])));
    }

    [Fact]
    public void Clipping_stops_the_gradient_where_the_ratio_has_left_the_range_on_the_good_side()
    {
        using var scope = NewDisposeScope();
        var ratio = tensor(new[] { 1.5f, 1.5f, 0.5f, 0.5f });
        ratio.requires_grad = true;
        PpoLearner.SurrogateLoss(ratio, tensor(new[] { 1f, -1, 1, -1 }), 0.2).backward();
        using var gradient = ratio.grad!;
        Assert.Equal([0f, 0.25f, -0.25f, 0f], gradient.data<float>().ToArray());
    }
}
