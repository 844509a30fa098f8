using Rapid.Protocol.Specs;

namespace Rapid.Policies.Tests;

/// <summary>The actor-critic written out in double precision, loop by loop, from the documented layout alone.</summary>
internal sealed class ReferenceForward(PolicyLayout layout, float[] parameters)
{
    /// <summary>Logits or means.</summary>
    public double[] Head(ReadOnlySpan<float> observation) => Affine("policy", Tower(0, observation), 0, layout.Outputs);

    public double Value(ReadOnlySpan<float> observation) => Affine("value", Tower(layout.Towers - 1, observation), 0, 1)[0];

    /// <summary>log softmax, or the log-density of independent normals.</summary>
    public double LogProbability(ReadOnlySpan<float> observation, ReadOnlySpan<float> action)
    {
        var head = Head(observation);
        if (layout.IsDiscrete)
        {
            var max = head.Max();
            return head[(int)action[0]] - max - Math.Log(head.Sum(logit => Math.Exp(logit - max)));
        }

        var sum = 0.0;
        for (var j = 0; j < head.Length; j++)
        {
            var z = (action[j] - head[j]) / Deviation(j);
            sum += -0.5 * z * z - Math.Log(Deviation(j)) - 0.5 * Math.Log(2 * Math.PI);
        }

        return sum;
    }

    public double Deviation(int j) => Math.Exp(parameters[layout["policy.log_std"].Offset + j]);

    private double[] Tower(int tower, ReadOnlySpan<float> observation)
    {
        var features = new double[observation.Length];
        for (var i = 0; i < features.Length; i++)
        {
            features[i] = observation[i];
        }

        for (var layer = 0; layer < layout.HiddenSizes.Count; layer++)
        {
            features = Affine($"body.{layer}", features, tower, layout.HiddenSizes[layer]);
            for (var i = 0; i < features.Length; i++)
            {
                features[i] = layout.Activation == Activation.Tanh ? Math.Tanh(features[i]) : Math.Max(0, features[i]);
            }
        }

        return features;
    }

    private double[] Affine(string name, double[] input, int tower, int outputs)
    {
        var weight = layout[$"{name}.weight"].Offset + tower * outputs * input.Length;
        var bias = layout[$"{name}.bias"].Offset + tower * outputs;
        var output = new double[outputs];
        for (var row = 0; row < outputs; row++)
        {
            output[row] = parameters[bias + row];
            for (var column = 0; column < input.Length; column++)
            {
                output[row] += parameters[weight + row * input.Length + column] * input[column];
            }
        }

        return output;
    }
}
