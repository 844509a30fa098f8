using Rapid.Agents.Networks;
using static TorchSharp.torch;

namespace Rapid.Agents.Ppo;

/// <summary>Means over the minibatches of one epoch.</summary>
public struct PpoDiagnostics
{
    private int _minibatches;
    private double _policyLoss, _valueLoss, _entropy, _approximateKl, _clipFraction, _gradientNorm;

    /// <summary>Clipped surrogate loss.</summary>
    public readonly double PolicyLoss => _policyLoss / _minibatches;

    /// <summary>Value loss before its coefficient.</summary>
    public readonly double ValueLoss => _valueLoss / _minibatches;

    /// <summary>Mean entropy of the action distribution.</summary>
    public readonly double Entropy => _entropy / _minibatches;

    /// <summary>mean((r - 1) - log r), the low-variance estimator of KL(old || new) (Schulman 2020).</summary>
    public readonly double ApproximateKl => _approximateKl / _minibatches;

    /// <summary>Share of ratios outside the clip range.</summary>
    public readonly double ClipFraction => _clipFraction / _minibatches;

    /// <summary>Global L2 norm of gradients before clipping.</summary>
    public readonly double GradientNorm => _gradientNorm / _minibatches;

    /// <summary>Adds one minibatch.</summary>
    /// <param name="logRatio">[b], log pi(a|s) - log pi_old(a|s).</param>
    /// <param name="clipRange">Clip range of the ratio.</param>
    /// <param name="policyLoss">Scalar.</param>
    /// <param name="valueLoss">Scalar.</param>
    /// <param name="entropy">Scalar.</param>
    /// <param name="gradientNorm">Scalar.</param>
    public void Add(Tensor logRatio, double clipRange, double policyLoss, double valueLoss, double entropy, double gradientNorm)
    {
        ArgumentNullException.ThrowIfNull(logRatio);
        using var scope = NewDisposeScope();
        var (kl, clipped) = Divergence(TensorMemory.Floats(logRatio.detach().cpu()), clipRange);
        _approximateKl += kl;
        _clipFraction += clipped;
        _policyLoss += policyLoss;
        _valueLoss += valueLoss;
        _entropy += entropy;
        _gradientNorm += gradientNorm;
        _minibatches++;
    }

    /// <summary>Approximate KL and the share of clipped ratios.</summary>
    internal static (double ApproximateKl, double ClipFraction) Divergence(ReadOnlySpan<float> logRatios, double clipRange)
    {
        double kl = 0;
        var clipped = 0;
        foreach (var logRatio in logRatios)
        {
            var ratio = Math.Exp(logRatio);
            kl += ratio - 1 - logRatio;
            clipped += Math.Abs(ratio - 1) > clipRange ? 1 : 0;
        }

        return (kl / logRatios.Length, (double)clipped / logRatios.Length);
    }
}
