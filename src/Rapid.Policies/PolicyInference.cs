using System.Numerics.Tensors;
using Rapid.Core;
using Rapid.Protocol.Specs;

namespace Rapid.Policies;

/// <summary>
/// Evaluates an actor-critic on the CPU without libtorch: what actors and evaluators act with. Not thread-safe; one per rollout worker.
/// </summary>
/// <remarks>
/// A small network on a handful of observations is dominated by per-operation overhead in a tensor library (tens of microseconds);
/// here a 64-64 network costs about two. Weights are transposed once per snapshot, so that every layer is a sum of scaled rows over
/// contiguous outputs. Behind convolutions the first hidden layer is large, and all observations go through it at once. Results of one
/// observation do not depend on what else is in the batch.
/// </remarks>
public sealed class PolicyInference : IDisposable
{
    private readonly PolicyLayout _layout;
    private readonly DenseBatch? _first; // the first hidden layer behind convolutions
    private readonly int _width; // of what follows it
    private float[] _batched = []; // [n, width]
    private readonly float[][] _weights; // per hidden layer: [towers, in, out]; empty for the first where that is a batch's
    private readonly float[][] _biases; // per hidden layer: [towers, out]
    private readonly float[] _policyWeight; // [features, outputs]
    private readonly float[] _policyBias;
    private readonly float[] _valueWeight; // [features]
    private readonly float[] _deviation; // exp(log_std)
    private readonly float[] _hidden;
    private readonly float[] _next;
    private readonly float[] _policyOutput;
    private float _valueBias;
    private float _logDensityConstant; // -sum(log_std) - outputs/2 log(2 pi)

    /// <summary>Allocates buffers for this layout; weights are zero until <see cref="Load"/>.</summary>
    public PolicyInference(PolicyLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        _layout = layout;
        var sizes = layout.HiddenSizes;
        _first = layout is { Encoder: not null, Towers: 1 } && sizes.Count > 0
            ? new DenseBatch(layout.Inputs, sizes[0], layout.Activation)
            : null;
        _width = _first?.Outputs ?? layout.Inputs;
        _weights =
        [
            .. sizes.Select((size, layer) => layer == 0 && _first is not null
                ? []
                : new float[layout.Towers * size * (layer == 0 ? layout.Inputs : sizes[layer - 1])]),
        ];
        _biases = [.. sizes.Select(size => new float[layout.Towers * size])];
        _policyWeight = new float[layout.Features * layout.Outputs];
        _policyBias = new float[layout.Outputs];
        _valueWeight = new float[layout.Features];
        _deviation = new float[layout.Outputs];
        _policyOutput = new float[layout.Outputs];
        var widest = Math.Max(_width, sizes.DefaultIfEmpty(0).Max());
        _hidden = new float[widest];
        _next = new float[widest];
    }

    /// <summary>The layout whose parameters <see cref="Load"/> takes.</summary>
    public PolicyLayout Layout => _layout;

    /// <summary>Takes the weights of a snapshot.</summary>
    /// <param name="parameters">[layout.Length].</param>
    /// <exception cref="ArgumentException">The length differs.</exception>
    public void Load(ReadOnlySpan<float> parameters)
    {
        if (parameters.Length != _layout.Length)
        {
            throw new ArgumentException(
                $"{parameters.Length} parameters do not fit this policy, which has {_layout.Length}", nameof(parameters));
        }

        var inputs = _layout.Inputs;
        for (var layer = 0; layer < _weights.Length; layer++)
        {
            var outputs = _layout.HiddenSizes[layer];
            var weight = Slice(parameters, $"body.{layer}.weight");
            if (layer == 0 && _first is not null)
            {
                _first.Load(weight, Slice(parameters, "body.0.bias"));
                inputs = outputs;
                continue;
            }

            for (var tower = 0; tower < _layout.Towers; tower++)
            {
                var start = tower * outputs * inputs;
                Transpose(weight.Slice(start, outputs * inputs), outputs, inputs, _weights[layer].AsSpan(start));
            }

            Slice(parameters, $"body.{layer}.bias").CopyTo(_biases[layer]);
            inputs = outputs;
        }

        Transpose(Slice(parameters, "policy.weight"), _layout.Outputs, inputs, _policyWeight);
        Slice(parameters, "policy.bias").CopyTo(_policyBias);
        if (_layout.HasValueHead)
        {
            Slice(parameters, "value.weight").CopyTo(_valueWeight);
            _valueBias = Slice(parameters, "value.bias")[0];
        }

        if (_layout.Kind == PolicyKind.Gaussian)
        {
            var logStd = Slice(parameters, "policy.log_std");
            TensorPrimitives.Exp(logStd, _deviation);
            _logDensityConstant = -TensorPrimitives.Sum(logStd) - (float)(0.5 * _layout.Outputs * Math.Log(2 * Math.PI));
        }
    }

    /// <summary>Samples one action per observation, for a policy with a value head.</summary>
    /// <param name="observations">[n, inputs]: observations, or of frames what the convolutions make of them.</param>
    /// <param name="noise">[n], the random stream of each environment.</param>
    /// <param name="actions">[n, act]; a discrete action is its index.</param>
    /// <param name="logProbabilities">[n], log-probability of the sampled (unclipped) action.</param>
    /// <param name="values">[n].</param>
    /// <param name="distributions">[n, outputs], log-probabilities of all actions or means; may be left out.</param>
    public void Act(
        ReadOnlySpan<float> observations, ReadOnlySpan<RandomStream> noise, Span<float> actions, Span<float> logProbabilities,
        Span<float> values, Span<float> distributions = default)
    {
        var rows = Begin(observations);
        for (var i = 0; i < noise.Length; i++)
        {
            var action = actions.Slice(i * _layout.ActionSize, _layout.ActionSize);
            values[i] = Evaluate(rows.Slice(i * _width, _width), wantPolicy: true, wantValue: true);
            logProbabilities[i] = Draw(noise[i], action);
            if (!distributions.IsEmpty)
            {
                // Logits differ from log-probabilities by the same constant for every action.
                var constant = _layout.IsDiscrete ? _policyOutput[(int)action[0]] - logProbabilities[i] : 0;
                TensorPrimitives.Subtract(_policyOutput, constant, distributions.Slice(i * _layout.Outputs, _layout.Outputs));
            }
        }
    }

    /// <summary>Samples one action per observation and nothing else.</summary>
    /// <param name="observations">[n, inputs]: observations, or of frames what the convolutions make of them.</param>
    /// <param name="noise">[n], the random stream of each environment.</param>
    /// <param name="actions">[n, act]; a discrete action is its index, a squashed one lies in its box.</param>
    public void Sample(ReadOnlySpan<float> observations, ReadOnlySpan<RandomStream> noise, Span<float> actions)
    {
        var rows = Begin(observations);
        for (var i = 0; i < noise.Length; i++)
        {
            Evaluate(rows.Slice(i * _width, _width), wantPolicy: true, wantValue: false);
            Draw(noise[i], actions.Slice(i * _layout.ActionSize, _layout.ActionSize));
        }
    }

    /// <summary>
    /// The mode of the action distribution for each observation: the mean, squashed where samples are, or the likeliest index.
    /// </summary>
    /// <param name="observations">[n, inputs]: observations, or of frames what the convolutions make of them.</param>
    /// <param name="actions">[n, act].</param>
    public void ActMode(ReadOnlySpan<float> observations, Span<float> actions)
    {
        var rows = Begin(observations);
        for (var i = 0; i * _width < rows.Length; i++)
        {
            Evaluate(rows.Slice(i * _width, _width), wantPolicy: true, wantValue: false);
            var action = actions.Slice(i * _layout.ActionSize, _layout.ActionSize);
            switch (_layout.Kind)
            {
                case PolicyKind.Categorical:
                    action[0] = TensorPrimitives.IndexOfMax(_policyOutput);
                    break;
                case PolicyKind.SquashedGaussian or PolicyKind.Deterministic:
                    _policyOutput.AsSpan(0, action.Length).CopyTo(action);
                    Squash(action);
                    break;
                default:
                    _policyOutput.CopyTo(action);
                    break;
            }
        }
    }

    /// <summary>Value estimates.</summary>
    /// <param name="observations">[n, inputs]: observations, or of frames what the convolutions make of them.</param>
    /// <param name="values">[n].</param>
    public void Values(ReadOnlySpan<float> observations, Span<float> values)
    {
        var rows = Begin(observations);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Evaluate(rows.Slice(i * _width, _width), wantPolicy: false, wantValue: true);
        }
    }

    /// <summary>Why nobody can act on an observation: an output is not finite, or a standard deviation is none; null when all is
    /// well.</summary>
    /// <param name="observation">[inputs]: an observation, or of frames what the convolutions make of them.</param>
    public string? Problem(ReadOnlySpan<float> observation)
    {
        var value = Evaluate(Begin(observation), wantPolicy: true, wantValue: _layout.HasValueHead);
        var isWide = _layout.Kind == PolicyKind.Gaussian
            && (!TensorPrimitives.IsFiniteAll<float>(_deviation) || TensorPrimitives.Min<float>(_deviation) <= 0);
        return !TensorPrimitives.IsFiniteAll<float>(_policyOutput) ? "the outputs of its network are NaN or infinite"
            : isWide ? "the standard deviation exp(policy.log_std) is 0 or infinite"
            : !float.IsFinite(value) ? "its value estimates are NaN or infinite"
            : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _first?.Dispose();

    /// <summary>What goes through the layers one observation at a time, [n, width].</summary>
    private ReadOnlySpan<float> Begin(ReadOnlySpan<float> observations)
    {
        if (_first is null)
        {
            return observations;
        }

        var length = observations.Length / _layout.Inputs * _width;
        if (_batched.Length < length)
        {
            _batched = new float[length];
        }

        _first.Forward(observations, _batched.AsSpan(0, length));
        return _batched.AsSpan(0, length);
    }

    /// <summary>Runs the towers; leaves the policy head's output in <see cref="_policyOutput"/> and returns the value.</summary>
    private float Evaluate(ReadOnlySpan<float> observation, bool wantPolicy, bool wantValue)
    {
        var value = 0f;
        for (var tower = 0; tower < _layout.Towers; tower++)
        {
            var isPolicy = tower == 0;
            var isValue = tower == _layout.Towers - 1;
            if (!(isPolicy && wantPolicy) && !(isValue && wantValue))
            {
                continue;
            }

            var features = RunTower(tower, observation);
            if (isPolicy && wantPolicy)
            {
                Affine(features, _policyWeight, _policyBias, _policyOutput);
            }

            if (isValue && wantValue)
            {
                value = TensorPrimitives.Dot(features, _valueWeight) + _valueBias;
            }
        }

        return value;
    }

    private ReadOnlySpan<float> RunTower(int tower, ReadOnlySpan<float> input)
    {
        var (target, spare) = (_hidden, _next);
        for (var layer = _first is null ? 0 : 1; layer < _weights.Length; layer++)
        {
            var outputs = _layout.HiddenSizes[layer];
            var weight = _weights[layer].AsSpan(tower * outputs * input.Length, outputs * input.Length);
            var result = target.AsSpan(0, outputs);
            Affine(input, weight, _biases[layer].AsSpan(tower * outputs, outputs), result);
            if (_layout.Activation == Activation.Tanh)
            {
                TensorPrimitives.Tanh(result, result);
            }
            else
            {
                TensorPrimitives.Max(result, 0f, result);
            }

            input = result;
            (target, spare) = (spare, target);
        }

        return input;
    }

    /// <summary>y = b + sum over inputs of x_i times row i of the transposed weight.</summary>
    private static void Affine(ReadOnlySpan<float> input, ReadOnlySpan<float> transposed, ReadOnlySpan<float> bias, Span<float> output)
    {
        var n = output.Length;
        bias.CopyTo(output);
        for (var i = 0; i < input.Length; i++)
        {
            TensorPrimitives.FusedMultiplyAdd(transposed.Slice(i * n, n), input[i], output, output);
        }
    }

    /// <summary>Samples an action of the distribution in <see cref="_policyOutput"/>: the one place where that is done, whoever
    /// acts.</summary>
    /// <returns>Its log-probability; NaN of a squashed one, which nobody asks for, and of one that was not drawn.</returns>
    private float Draw(RandomStream noise, Span<float> action)
    {
        switch (_layout.Kind)
        {
            case PolicyKind.Categorical:
                return SampleIndex(noise, action);
            case PolicyKind.SquashedGaussian:
                SampleSquashed(noise, action);
                return float.NaN;
            case PolicyKind.Deterministic:
                _policyOutput.CopyTo(action);
                Squash(action);
                return float.NaN;
            default:
                return SampleGaussian(noise, action);
        }
    }

    private float SampleGaussian(RandomStream noise, Span<float> action)
    {
        var squares = 0f;
        for (var j = 0; j < action.Length; j++)
        {
            var epsilon = (float)noise.NextNormal();
            action[j] = _policyOutput[j] + _deviation[j] * epsilon;
            squares += epsilon * epsilon;
        }

        return _logDensityConstant - 0.5f * squares;
    }

    /// <summary>centre + scale * tanh(mean + std * noise).</summary>
    private void SampleSquashed(RandomStream noise, Span<float> action)
    {
        for (var j = 0; j < action.Length; j++)
        {
            action[j] = _policyOutput[j] + Deviation(_policyOutput[action.Length + j]) * (float)noise.NextNormal();
        }

        Squash(action);
    }

    private void Squash(Span<float> action)
    {
        var box = _layout.ActionBox!;
        TensorPrimitives.Tanh(action, action);
        for (var j = 0; j < action.Length; j++)
        {
            // Rounding must not leave the box.
            action[j] = Math.Clamp((box.High[j] + box.Low[j]) / 2 + (box.High[j] - box.Low[j]) / 2 * action[j], box.Low[j], box.High[j]);
        }
    }

    /// <summary>The standard deviation that an output of a squashed Gaussian's head means.</summary>
    private float Deviation(float raw) => (float)(_layout.StdParameterization switch
    {
        StdParameterization.TanhLogStd =>
            Math.Exp(StdBounds.LogStdLow + (StdBounds.LogStdHigh - StdBounds.LogStdLow) / 2 * (Math.Tanh(raw) + 1)),
        StdParameterization.ClippedLogStd => Math.Exp(Math.Clamp((double)raw, StdBounds.ClippedLow, StdBounds.LogStdHigh)),
        _ => Math.Log(1 + Math.Exp(Math.Clamp((double)raw, -StdBounds.SoftplusClip, StdBounds.SoftplusClip))),
    });

    private float SampleIndex(RandomStream noise, Span<float> action)
    {
        var max = TensorPrimitives.Max(_policyOutput);
        var total = 0.0;
        foreach (var logit in _policyOutput)
        {
            total += Math.Exp(logit - max);
        }

        var remaining = noise.NextDouble() * total;
        var index = 0;
        for (; index < _policyOutput.Length - 1; index++)
        {
            remaining -= Math.Exp(_policyOutput[index] - max);
            if (remaining < 0)
            {
                break;
            }
        }

        action[0] = index;
        return (float)(_policyOutput[index] - max - Math.Log(total));
    }

    private ReadOnlySpan<float> Slice(ReadOnlySpan<float> parameters, string name)
    {
        var slice = _layout[name];
        return parameters.Slice(slice.Offset, slice.Length);
    }

    private static void Transpose(ReadOnlySpan<float> matrix, int rows, int columns, Span<float> transposed)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                transposed[column * rows + row] = matrix[row * columns + column];
            }
        }
    }
}
