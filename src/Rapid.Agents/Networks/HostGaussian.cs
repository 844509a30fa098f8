using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>
/// <see cref="DiagonalGaussian.LogProbability"/> and its gradients by hand in host memory: a minibatch has some hundred elements, for which
/// the ten operations of the formula and their derivatives are all bookkeeping.
/// </summary>
internal sealed class HostGaussian : IDisposable
{
    private static readonly double HalfLogTwoPi = 0.5 * Math.Log(2 * Math.PI);

    private readonly int _rows, _dimensions;
    private readonly float[] _standardised; // [B, act], (a - mean) / std
    private readonly float[] _inverseStd; // [act]
    private readonly Tensor _logProbabilities, _gradient; // [B]
    private readonly Tape _tape;

    /// <param name="rows">B.</param>
    /// <param name="dimensions">act.</param>
    /// <param name="tape">Of the policy.</param>
    public HostGaussian(int rows, int dimensions, Tape tape)
    {
        (_rows, _dimensions, _tape) = (rows, dimensions, tape);
        (_standardised, _inverseStd) = (new float[rows * dimensions], new float[dimensions]);
        _gradient = zeros(rows);
        using var output = zeros(rows);
        _logProbabilities = Tape.Leaf(output, _gradient);
    }

    /// <summary>log N(a; mean, exp(log_std)^2), summed over dimensions: [B], a leaf that holds until the next pass.</summary>
    /// <param name="mean">[B, act], a leaf with a gradient.</param>
    /// <param name="logStd">[act], a leaf with a gradient.</param>
    /// <param name="actions">[B, act].</param>
    public Tensor Forward(Tensor mean, Tensor logStd, Tensor actions)
    {
        ReadOnlySpan<float> means = TensorMemory.Floats(mean), taken = TensorMemory.Floats(actions), logs = TensorMemory.Floats(logStd);
        var constant = HalfLogTwoPi * _dimensions;
        for (var j = 0; j < _dimensions; j++)
        {
            constant += logs[j];
            _inverseStd[j] = MathF.Exp(-logs[j]);
        }

        var logProbabilities = TensorMemory.Floats(_logProbabilities);
        for (int row = 0, i = 0; row < _rows; row++)
        {
            var squares = 0f;
            for (var j = 0; j < _dimensions; j++, i++)
            {
                var z = (taken[i] - means[i]) * _inverseStd[j];
                _standardised[i] = z;
                squares += z * z;
            }

            logProbabilities[row] = (float)(squares * -0.5 - constant);
        }

        _tape.Record(this, () => Backward(mean, logStd), _gradient);
        return _logProbabilities;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _logProbabilities.Dispose();
        _gradient.Dispose();
    }

    /// <summary>Adds the gradients that arrived at the log-probabilities, times z / std and z^2 - 1, to those of their inputs.</summary>
    private void Backward(Tensor mean, Tensor logStd)
    {
        using Tensor meanGradient = mean.grad!, logStdGradient = logStd.grad!;
        ReadOnlySpan<float> arrived = TensorMemory.Floats(_gradient);
        Span<float> means = TensorMemory.Floats(meanGradient), logs = TensorMemory.Floats(logStdGradient);
        for (int row = 0, i = 0; row < _rows; row++)
        {
            for (var j = 0; j < _dimensions; j++, i++)
            {
                var z = _standardised[i];
                means[i] += arrived[row] * z * _inverseStd[j];
                logs[j] += arrived[row] * (z * z - 1);
            }
        }
    }
}
