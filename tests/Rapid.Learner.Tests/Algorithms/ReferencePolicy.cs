using Rapid.Policies;
using Rapid.Protocol.Specs;

namespace Rapid.Learner.Tests.Algorithms;

/// <summary>A tanh actor-critic in plain double-precision loops, written independently of libtorch.</summary>
internal sealed class ReferencePolicy(PolicyLayout layout, double[] parameters)
{
    private static readonly double LogTwoPi = Math.Log(2 * Math.PI);

    public double[] LogStd => At("policy.log_std").ToArray();

    /// <summary>Head and value of one observation.</summary>
    public (double[] Head, double Value) Evaluate(ReadOnlySpan<float> observation)
    {
        var policy = Tower(0, observation);
        var value = layout.Towers == 1 ? policy : Tower(1, observation);
        return (Affine(policy, At("policy.weight"), At("policy.bias")), Affine(value, At("value.weight"), At("value.bias"))[0]);
    }

    public static double[] LogSoftmax(double[] logits)
    {
        var log = Math.Log(logits.Sum(Math.Exp));
        return [.. logits.Select(logit => logit - log)];
    }

    public static double GaussianLogDensity(double[] mean, double[] logStd, double[] action) => Enumerable.Range(0, mean.Length)
        .Sum(j => -0.5 * Math.Pow((action[j] - mean[j]) / Math.Exp(logStd[j]), 2) - logStd[j] - 0.5 * LogTwoPi);

    public static double GaussianDivergence(double[] mean, double[] logStd, double[] otherMean, double[] otherLogStd) => Enumerable
        .Range(0, mean.Length)
        .Sum(j => otherLogStd[j] - logStd[j] - 0.5
            + (Math.Exp(2 * logStd[j]) + Math.Pow(mean[j] - otherMean[j], 2)) / (2 * Math.Exp(2 * otherLogStd[j])));

    /// <summary>A_t and R_t of one sequence by definition: the discounted sum of what follows until the episode ends.</summary>
    public static (double[] Advantages, double[] Returns) Gae(
        double[] rewards, double[] values, bool[] terminated, double?[] finalValues, double gamma, double lambda)
    {
        var advantages = new double[rewards.Length];
        for (var t = rewards.Length - 1; t >= 0; t--)
        {
            var isEnd = terminated[t] || finalValues[t] is not null;
            var next = terminated[t] ? 0 : finalValues[t] ?? values[t + 1];
            var later = isEnd || t + 1 == rewards.Length ? 0 : advantages[t + 1];
            advantages[t] = rewards[t] + gamma * next - values[t] + gamma * lambda * later;
        }

        return (advantages, [.. advantages.Zip(values, (advantage, value) => advantage + value)]);
    }

    private double[] Tower(int tower, ReadOnlySpan<float> observation)
    {
        var features = new double[observation.Length];
        for (var i = 0; i < features.Length; i++)
        {
            features[i] = observation[i];
        }

        for (var layer = 0; layer < layout.HiddenSizes.Count; layer++)
        {
            var (size, inputs) = (layout.HiddenSizes[layer], features.Length);
            var weight = At($"body.{layer}.weight").Slice(tower * size * inputs, size * inputs);
            features = Affine(features, weight, At($"body.{layer}.bias").Slice(tower * size, size));
            features = [.. features.Select(x => layout.Activation == Activation.Tanh ? Math.Tanh(x) : Math.Max(0, x))];
        }

        return features;
    }

    private static double[] Affine(double[] input, ReadOnlySpan<double> weight, ReadOnlySpan<double> bias)
    {
        var output = bias.ToArray();
        for (var i = 0; i < output.Length; i++)
        {
            for (var j = 0; j < input.Length; j++)
            {
                output[i] += weight[i * input.Length + j] * input[j];
            }
        }

        return output;
    }

    private ReadOnlySpan<double> At(string name) => parameters.AsSpan(layout[name].Offset, layout[name].Length);
}
