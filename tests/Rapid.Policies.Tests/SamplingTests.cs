using Rapid.Core;
using Rapid.Protocol.Specs;

namespace Rapid.Policies.Tests;

/// <summary>Frequencies of sampled actions. Seeds are fixed; bounds are the 99.9th percentiles of the chi-square distribution.</summary>
public sealed class SamplingTests
{
    private const int Samples = 40_000;

    [Fact]
    public void Categorical_actions_are_as_frequent_as_the_softmax_says()
    {
        var layout = Networks.Layout(1, 5, discrete: true, new NetworkOptions { HiddenSizes = [3] });
        double[] probabilities = [0.5, 0.25, 0.15, 0.09, 0.01];
        var inference = WithHead(layout, [.. probabilities.Select(p => (float)Math.Log(p) + 3)]);
        var counts = new int[5];
        foreach (var (action, logProbability) in Sample(inference, Samples))
        {
            counts[(int)action[0]]++;
            Assert.Equal(Math.Log(probabilities[(int)action[0]]), logProbability, 1e-5);
        }

        Assert.InRange(ChiSquare(counts, probabilities), 0, 18.47); // 4 degrees of freedom
    }

    [Fact]
    public void Gaussian_actions_are_normal_around_the_mean_and_independent()
    {
        const int Bins = 20;
        var layout = Networks.Layout(1, 2, discrete: false, new NetworkOptions { HiddenSizes = [3] });
        float[] means = [0.7f, -2], logStds = [-1.2f, 0.4f];
        var inference = WithHead(layout, means, logStds);
        var (counts, product) = (new[] { new int[Bins], new int[Bins] }, 0.0);
        foreach (var (action, _) in Sample(inference, Samples))
        {
            var z = new double[2];
            for (var j = 0; j < 2; j++)
            {
                z[j] = (action[j] - means[j]) / Math.Exp(logStds[j]);
                counts[j][Math.Min(Bins - 1, (int)(Bins * NormalDistribution(z[j])))]++;
            }

            product += z[0] * z[1] / Samples;
        }

        var even = Enumerable.Repeat(1.0 / Bins, Bins).ToArray();
        Assert.All(counts, count => Assert.InRange(ChiSquare(count, even), 0, 43.82)); // 19 degrees of freedom
        Assert.InRange(product, -4 / Math.Sqrt(Samples), 4 / Math.Sqrt(Samples));
    }

    [Fact]
    public void Logits_beyond_the_range_of_the_exponential_stay_finite()
    {
        var layout = Networks.Layout(1, 3, discrete: true, new NetworkOptions { HiddenSizes = [3] });
        foreach (var (action, logProbability) in Sample(WithHead(layout, [-1000, 1000, -3000]), 100))
        {
            Assert.Equal((1f, 0f), (action[0], logProbability));
        }

        foreach (var (action, logProbability) in Sample(WithHead(layout, [-900, -900, -3000]), 100))
        {
            Assert.InRange(action[0], 0, 1);
            Assert.Equal(-Math.Log(2), logProbability, 1e-6);
        }
    }

    [Fact]
    public void The_mode_is_the_likeliest_index_and_takes_no_randomness()
    {
        var layout = Networks.Layout(1, 4, discrete: true, new NetworkOptions { HiddenSizes = [3] });
        var inference = WithHead(layout, [0.1f, 0.2f, 0.5f, -3]);
        var actions = new float[2];

        inference.ActMode([1f, -1f], actions);

        Assert.Equal([2f, 2f], actions);
    }

    private static IEnumerable<(float[] Action, float LogProbability)> Sample(PolicyInference inference, int count)
    {
        RandomStream[] noise = [new RandomStream(11)];
        var (action, logProbability, value) = (new float[inference.Layout.ActionSize], new float[1], new float[1]);
        for (var i = 0; i < count; i++)
        {
            inference.Act([0.3f], noise, action, logProbability, value);
            yield return (action, logProbability[0]);
        }
    }

    /// <summary>A policy whose head does not depend on the observation.</summary>
    private static PolicyInference WithHead(PolicyLayout layout, float[] head, float[]? logStds = null)
    {
        var parameters = new float[layout.Length];
        head.CopyTo(parameters, layout["policy.bias"].Offset);
        logStds?.CopyTo(parameters, layout["policy.log_std"].Offset);
        var inference = new PolicyInference(layout);
        inference.Load(parameters);
        return inference;
    }

    private static double ChiSquare(int[] counts, double[] probabilities)
    {
        var total = (double)counts.Sum();
        return counts.Zip(probabilities, (count, p) => (count - total * p) * (count - total * p) / (total * p)).Sum();
    }

    /// <summary>The normal distribution function: Simpson's rule over the density from 0.</summary>
    private static double NormalDistribution(double z)
    {
        const int Steps = 200;
        var (h, sum) = (z / Steps, 0.0);
        for (var i = 0; i <= Steps; i++)
        {
            var weight = i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2;
            sum += weight * Math.Exp(-0.5 * i * h * i * h);
        }

        return Math.Clamp(0.5 + sum * h / 3 / Math.Sqrt(2 * Math.PI), 0, 1);
    }
}
