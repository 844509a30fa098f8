using System.Numerics;
using System.Runtime.CompilerServices;
using Rapid.Agents.State;
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
    private readonly float[] _squashed, _noise, _std, _slope, _densities;
    private readonly Tape _tape;
    private readonly Tensor _logProbability, _logProbabilityGradient; // [B]
    private readonly Tensor _actionGradient; // [B, act]
    private readonly Tensor _headGradient; // [B, 2 act]

    /// <param name="layout">Of a <see cref="PolicyKind.SquashedGaussian"/>.</param>
    /// <param name="rows">B.</param>
    /// <param name="tape">Of the learner.</param>
    /// <param name="noise">What its samples are made of.</param>
    public HostSquashedGaussian(PolicyLayout layout, int rows, Tape tape, NoiseSource noise)
        : base(noise)
    {
        (_rows, _actions, _parameterization, _tape) = (rows, layout.ActionSize, layout.StdParameterization, tape);
        (_centre, _scale) = Box(layout);
        _constant = Constant(_scale);
        var length = (rows * _actions + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;
        (_squashed, _noise, _std, _slope, _densities) =
            (new float[length], new float[length], new float[length], new float[length], new float[length]);
        _logProbabilityGradient = zeros(rows);
        using var output = zeros(rows);
        _logProbability = Tape.Leaf(output, _logProbabilityGradient);
        (_actionGradient, _headGradient) = (zeros(rows, _actions), zeros(rows, 2 * _actions));
    }

    /// <inheritdoc/>
    public override (Tensor Actions, Tensor LogProbability) Draw(Tensor head, Tensor given, Tensor actions)
    {
        var heads = TensorMemory.Matrix(head);
        for (var row = 0; row < _rows; row++)
        {
            new ReadOnlySpan<float>(heads.Row(row), _actions).CopyTo(_squashed.AsSpan(row * _actions));
            new ReadOnlySpan<float>(heads.Row(row) + _actions, _actions).CopyTo(_std.AsSpan(row * _actions));
        }

        TensorMemory.Floats(given).CopyTo(_noise);
        Squash(_squashed, _std, _noise, _slope, _densities);
        var taken = TensorMemory.Matrix(actions);
        var logProbabilities = TensorMemory.Floats(_logProbability);
        for (int row = 0, i = 0; row < _rows; row++)
        {
            var action = taken.Row(row);
            var sum = -_constant;
            for (var j = 0; j < _actions; j++, i++)
            {
                action[j] = _centre[j] + _squashed[i] * _scale[j];
                sum += _densities[i];
            }

            logProbabilities[row] = (float)sum;
        }

        _tape.Record(this, () => Backward(head), _logProbabilityGradient, _actionGradient);
        return (Tape.Leaf(actions, _actionGradient), _logProbability);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var tensor in (Tensor[])[_headGradient, _actionGradient, _logProbability, _logProbabilityGradient])
        {
            tensor.Dispose();
        }

        base.Dispose();
    }

    private void Backward(Tensor head)
    {
        ReadOnlySpan<float> weights = TensorMemory.Floats(_logProbabilityGradient), gradients = TensorMemory.Floats(_actionGradient);
        var heads = TensorMemory.Matrix(_headGradient);
        for (int row = 0, i = 0; row < _rows; row++)
        {
            var gradient = heads.Row(row);
            var weight = weights[row];
            for (var j = 0; j < _actions; j++, i++)
            {
                // The noise is fixed: d log pi / du = 2 tanh(u), d log pi / d log std = -1 beside what goes through u.
                var tanh = _squashed[i];
                var u = tanh * (2 * weight) + gradients[i] * _scale[j] * (1 - tanh * tanh);
                gradient[j] = u;
                gradient[_actions + j] = (u * _noise[i] * _std[i] - weight) * _slope[i];
            }
        }

        Tape.PassOn(head, _headGradient);
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
