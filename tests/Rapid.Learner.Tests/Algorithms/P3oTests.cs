using Rapid.Agents.Networks;
using Rapid.Agents.P3o;
using Rapid.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests.Algorithms;

public class P3oTests
{
    private static readonly P3oOptions Paper = new(), Repo = new() { RepoGuards = true };

    [Theory]
    [InlineData(new[] { 1f, 1, 1, 1 }, 1)]
    [InlineData(new[] { 2f, 2, 2, 2 }, 1)]
    [InlineData(new[] { 0.5f, 1.5f, 1, 1 }, 0.888889)]
    [InlineData(new[] { 0f, 0, 0, 4 }, 0.25)]
    [InlineData(new[] { 0.1f, 0.2f, 3, 1 }, 0.459950)]
    public void Effective_sample_size_and_kl_weight_equal_the_check_values(float[] weights, double expected)
    {
        var effective = P3oLearner.EffectiveSampleSize(weights);
        Assert.Equal(expected, effective, 1e-6);
        var (clip, klWeight) = P3oLearner.TrustRegion(effective, Paper);
        Assert.Equal(expected, clip, 1e-6);
        Assert.Equal(1 - expected, klWeight, 1e-6);
    }

    [Theory]
    [InlineData(new[] { 0.5f, 1.5f, 1, 1 }, new[] { 0.5f, 0.888889f, 0.888889f, 0.888889f })]
    [InlineData(new[] { 0.1f, 0.2f, 3, 1 }, new[] { 0.1f, 0.2f, 0.45995f, 0.45995f })]
    public void Importance_weights_are_clipped_at_the_effective_sample_size(float[] weights, float[] clipped)
    {
        using var scope = NewDisposeScope();
        var (clip, _) = P3oLearner.TrustRegion(P3oLearner.EffectiveSampleSize(weights), Paper);

        // With one advantage of 1 at a time and log pi = -4, the loss is that sample's clipped weight.
        for (var i = 0; i < weights.Length; i++)
        {
            var advantages = zeros(weights.Length);
            advantages[i] = 1;
            Assert.Equal(clipped[i], P3oLearner.PolicyLoss(full(weights.Length, -4f), tensor(weights), advantages, clip).ToDouble(), 1e-6);
        }
    }

    [Fact]
    public void Equal_policies_keep_their_gradient_unless_the_authors_guard_is_asked_for()
    {
        var effective = P3oLearner.EffectiveSampleSize([1f, 1, 1, 1]);
        Assert.Equal((1, 1e-7), P3oLearner.TrustRegion(effective, Paper));
        Assert.Equal((1e-7, 1e-7), P3oLearner.TrustRegion(effective, Repo));
        Assert.Equal((0.888889, 0.111111), Rounded(P3oLearner.TrustRegion(0.888889, Repo)));
    }

    [Theory]
    [InlineData(new[] { 0f, 0, 0 })]
    [InlineData(new[] { 1f, float.PositiveInfinity, 1 })]
    [InlineData(new[] { 1f, float.NaN, 1 })]
    public void Without_a_finite_effective_sample_size_the_constants_hold(float[] weights)
    {
        var effective = P3oLearner.EffectiveSampleSize(weights);
        Assert.False(double.IsFinite(effective));
        Assert.Equal((1, 0.1), P3oLearner.TrustRegion(effective, Paper));
        Assert.Equal((1, 0.1), P3oLearner.TrustRegion(effective, Repo));
    }

    [Fact]
    public void Fixed_constants_do_not_follow_the_effective_sample_size()
    {
        var options = new P3oOptions
        {
            ClipSource = TrustSource.Fixed,
            KlSource = TrustSource.Fixed,
            ImportanceClip = 10,
            KlCoefficient = 0.5,
        };
        Assert.All([0.001, 0.5, 1], effective => Assert.Equal((10, 0.5), P3oLearner.TrustRegion(effective, options)));
        Assert.Equal((0.25, 0.5), P3oLearner.TrustRegion(0.25, options with { ClipSource = TrustSource.EffectiveSampleSize }));
        Assert.Equal((10, 0.75), P3oLearner.TrustRegion(0.25, options with { KlSource = TrustSource.EffectiveSampleSize }));
    }

    [Fact]
    public void Importance_weights_have_no_gradient_and_the_authors_epsilon_only_where_asked_for()
    {
        using var scope = NewDisposeScope();
        var logProbabilities = tensor(new[] { 0.5f, 0.25f }).log();
        logProbabilities.requires_grad = true;
        var behaviour = tensor(new[] { 0.25f, 1e-7f }).log();
        var weights = P3oLearner.ImportanceWeights(logProbabilities, behaviour, 1e-7);
        Assert.False(weights.requires_grad);
        Assert.Equal(2, weights.data<float>()[0], 1e-5);
        Assert.Equal(1.25e6, weights.data<float>()[1], 1e1);
        Assert.Equal(2.5e6, P3oLearner.ImportanceWeights(logProbabilities, behaviour, 0).data<float>()[1], 1e1);
    }

    [Fact]
    public void Categorical_divergences_equal_the_check_values()
    {
        using var scope = NewDisposeScope();
        var policy = tensor(new[] { 0.7f, 0.2f, 0.1f }).log().view(1, 3);
        var behaviour = tensor(new[] { 0.5f, 0.3f, 0.2f }).log().view(1, 3);
        Assert.Equal(0.085123, Categorical.Divergence(policy, behaviour).ToDouble(), 1e-6);
        Assert.Equal(0.092033, Categorical.Divergence(behaviour, policy).ToDouble(), 1e-6);
        Assert.Equal(0.028374, (Categorical.Divergence(policy, behaviour) / 3).ToDouble(), 1e-6);
    }

    [Fact]
    public void Gaussian_divergence_equals_the_check_value()
    {
        using var scope = NewDisposeScope();
        var (mean, logStd) = (tensor(new[] { 0.1f, -0.2f }).view(1, 2), tensor(new[] { 0f, -0.5f }));
        var (other, otherLogStd) = (zeros(1, 2), tensor(new[] { 0.1f, -0.3f }).view(1, 2));
        Assert.Equal(0.085061, DiagonalGaussian.Divergence(mean, logStd, other, otherLogStd).ToDouble(), 1e-6);
        Assert.Equal(0, DiagonalGaussian.Divergence(mean, logStd, mean, logStd).ToDouble(), 1e-7);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(2)]
    [InlineData(20)]
    public void Replays_are_poisson(double mean)
    {
        const int Draws = 20_000;
        var random = new RandomStream(7);
        var counts = Enumerable.Range(0, Draws).Select(_ => (double)P3oLearner.Poisson(random, mean)).ToArray();
        var average = counts.Average();
        var tolerance = 4 * Math.Sqrt(mean / Draws);
        Assert.Equal(mean, average, tolerance + 1e-12);

        // The variance of a Poisson number is its mean; the variance of that estimate is (2 mean^2 + mean) / n.
        var variance = counts.Average(count => (count - average) * (count - average));
        Assert.Equal(mean, variance, 4 * Math.Sqrt((2 * mean * mean + mean) / Draws) + 1e-12);
        Assert.Equal(Math.Exp(-mean), counts.Count(count => count == 0) / (double)Draws, 0.02);
    }

    private static (double, double) Rounded((double Clip, double KlWeight) region) =>
        (Math.Round(region.Clip, 6), Math.Round(region.KlWeight, 6));
}
