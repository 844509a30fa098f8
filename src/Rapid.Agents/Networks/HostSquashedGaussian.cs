using System.Numerics;
using System.Runtime.CompilerServices;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>A <see cref="SquashedGaussian"/> in host memory: one pass over the elements instead of some twenty operations, each of which
/// costs more than the numbers of a batch do.</summary>
internal sealed unsafe class HostSquashedGaussian : SquashedGaussian
{
    private readonly int _rows, _actions;
    private readonly StdParameterization _parameterization;
    private readonly float[] _centre, _scale; // [act]
    private readonly double _constant;

    // [B * act, rounded up to whole vectors]; the elements behind the last one are computed and never read.
    private readonly Tensor _squashed, _noise, _std, _slope;
    private readonly float[] _densities;
    private readonly Sample _sample;

    /// <param name="layout">Of a <see cref="PolicyKind.SquashedGaussian"/>.</param>
    /// <param name="rows">B.</param>
    public HostSquashedGaussian(PolicyLayout layout, int rows)
    {
        (_rows, _actions, _parameterization) = (rows, layout.ActionSize, layout.StdParameterization);
        (_centre, _scale) = Box(layout);
        _constant = Constant(_scale);
        var vectors = (rows * _actions + Vector<float>.Count - 1) / Vector<float>.Count;
        Tensor Buffer() => zeros(vectors * Vector<float>.Count);
        (_squashed, _noise, _std, _slope) = (Buffer(), Buffer(), Buffer(), Buffer());
        _densities = new float[vectors * Vector<float>.Count];
        using var scope = NewDisposeScope();
        Tensor View(Tensor buffer) => buffer.narrow(0, 0, rows * _actions).view(rows, _actions).DetachFromDisposeScope();
        _sample = new Sample(
            zeros(rows).DetachFromDisposeScope(), View(_squashed), View(_noise), View(_std), View(_slope));
    }

    /// <inheritdoc/>
    public override Sample Draw(Tensor head, Tensor noise, Tensor actions)
    {
        var heads = TensorMemory.Matrix(head);
        Span<float> u = TensorMemory.Floats(_squashed), raw = TensorMemory.Floats(_std), noises = TensorMemory.Floats(_noise);
        for (var row = 0; row < _rows; row++)
        {
            new ReadOnlySpan<float>(heads.Row(row), _actions).CopyTo(u[(row * _actions)..]);
            new ReadOnlySpan<float>(heads.Row(row) + _actions, _actions).CopyTo(raw[(row * _actions)..]);
        }

        TensorMemory.Floats(noise).CopyTo(noises);
        Squash(u, raw, noises, TensorMemory.Floats(_slope), _densities);
        var taken = TensorMemory.Matrix(actions);
        var logProbabilities = TensorMemory.Floats(_sample.LogProbability);
        for (int row = 0, i = 0; row < _rows; row++)
        {
            var action = taken.Row(row);
            var sum = -_constant;
            for (var j = 0; j < _actions; j++, i++)
            {
                action[j] = _centre[j] + u[i] * _scale[j];
                sum += _densities[i];
            }

            logProbabilities[row] = (float)sum;
        }

        return _sample;
    }

    /// <inheritdoc/>
    public override void Backward(Sample sample, Tensor actionGradient, Tensor entropyWeight, Tensor headGradient)
    {
        ReadOnlySpan<float> squashed = TensorMemory.Floats(_squashed), noise = TensorMemory.Floats(_noise);
        ReadOnlySpan<float> std = TensorMemory.Floats(_std), slope = TensorMemory.Floats(_slope);
        var (gradients, heads) = (TensorMemory.Matrix(actionGradient), TensorMemory.Matrix(headGradient));
        var weight = TensorMemory.Floats(entropyWeight)[0];
        for (int row = 0, i = 0; row < _rows; row++)
        {
            float* gradient = gradients.Row(row), head = heads.Row(row);
            for (var j = 0; j < _actions; j++, i++)
            {
                // The noise is fixed: d log pi / du = 2 tanh(u), d log pi / d log std = -1 beside what goes through u.
                var tanh = squashed[i];
                var u = tanh * (2 * weight) + gradient[j] * _scale[j] * (1 - tanh * tanh);
                head[j] = u;
                head[_actions + j] = (u * noise[i] * std[i] - weight) * slope[i];
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Tensor[] tensors =
        [
            _sample.LogProbability, _sample.Squashed, _sample.Noise, _sample.Std, _sample.Slope, _squashed, _noise, _std, _slope,
        ];
        foreach (var tensor in tensors)
        {
            tensor.Dispose();
        }
    }

    /// <summary>The densities of the samples, without what is the same for all.</summary>
    /// <param name="squashed">Means; overwritten with tanh(u).</param>
    /// <param name="std">The head's outputs; overwritten with deviations.</param>
    /// <param name="noise">Standard normal.</param>
    /// <param name="slope">Overwritten with the derivative of log std by the head's output.</param>
    /// <param name="densities">Overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Squash(Span<float> squashed, Span<float> std, ReadOnlySpan<float> noise, Span<float> slope, Span<float> densities)
    {
        for (var i = 0; i < squashed.Length; i += Vector<float>.Count)
        {
            var (logStd, derivative) = LogStd(new Vector<float>(std[i..]));
            var (deviation, normal) = (Vector.Exp(logStd), new Vector<float>(noise[i..]));
            var u = new Vector<float>(squashed[i..]) + deviation * normal;
            var size = Vector.Abs(u);
            var tail = Vector.Exp(size * -2);

            // log(1 - tanh(u)^2) = 2 (log 2 - |u| - log(1 + exp(-2 |u|))) does not cancel for large |u|.
            var jacobian = 2 * (new Vector<float>(MathF.Log(2)) - size - LogOnePlus(tail));
            Tanh(u, tail).CopyTo(squashed[i..]);
            deviation.CopyTo(std[i..]);
            derivative.CopyTo(slope[i..]);
            (normal * normal * -0.5f - logStd - jacobian).CopyTo(densities[i..]);
        }
    }

    /// <summary>log std and its derivative by the head's output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (Vector<float> LogStd, Vector<float> Slope) LogStd(Vector<float> raw)
    {
        switch (_parameterization)
        {
            case StdParameterization.TanhLogStd:
                const float HalfRange = (float)((StdBounds.LogStdHigh - StdBounds.LogStdLow) / 2);
                var tanh = Tanh(raw, Vector.Exp(Vector.Abs(raw) * -2));
                var middle = new Vector<float>((float)StdBounds.LogStdLow + HalfRange);
                return (tanh * HalfRange + middle, (Vector<float>.One - tanh * tanh) * HalfRange);
            case StdParameterization.ClippedLogStd:
                return Clip(raw, (float)StdBounds.ClippedLow, (float)StdBounds.LogStdHigh);
            default:
                var (clipped, isWithin) = Clip(raw, (float)-StdBounds.SoftplusClip, (float)StdBounds.SoftplusClip);
                var tail = Vector.Exp(-Vector.Abs(clipped));
                var std = Vector.Max(clipped, Vector<float>.Zero) + LogOnePlus(tail);
                return (Vector.Log(std), isWithin / ((Vector<float>.One + Vector.Exp(-clipped)) * std));
        }
    }

    /// <summary>Clipped values, and 1 where they were within the bounds.</summary>
    private static (Vector<float> Clipped, Vector<float> IsWithin) Clip(Vector<float> raw, float low, float high)
    {
        var clipped = Vector.Min(Vector.Max(raw, new Vector<float>(low)), new Vector<float>(high));
        return (clipped, Vector.ConditionalSelect(Vector.Equals(clipped, raw), Vector<float>.One, Vector<float>.Zero));
    }

    /// <param name="x">Argument.</param>
    /// <param name="tail">exp(-2 |x|), which cannot overflow.</param>
    private static Vector<float> Tanh(Vector<float> x, Vector<float> tail) =>
        Vector.CopySign((Vector<float>.One - tail) / (Vector<float>.One + tail), x);

    /// <summary>log(1 + x) of numbers from 0 to 1 to the last bits (Goldberg 1991, theorem 4).</summary>
    private static Vector<float> LogOnePlus(Vector<float> x)
    {
        var sum = Vector<float>.One + x;
        return Vector.ConditionalSelect(Vector.Equals(sum, Vector<float>.One), x, Vector.Log(sum) * x / (sum - Vector<float>.One));
    }
}
