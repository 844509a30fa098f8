using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents.Ppo;

/// <summary>Means over the minibatches of one epoch.</summary>
internal struct PpoDiagnostics
{
    private int _minibatches;
    private double _policyLoss, _valueLoss, _entropy, _approximateKl, _clipFraction, _gradientNorm;

    /// <summary>mean((r - 1) - log r), the low-variance estimator of KL(old || new) (Schulman 2020).</summary>
    public readonly double ApproximateKl => _approximateKl / _minibatches;

    /// <summary>All of them; the clip fraction is the share of ratios outside the clip range.</summary>
    public readonly IEnumerable<(string Name, double Value)> Figures() =>
    [
        ("policy_loss", _policyLoss / _minibatches),
        ("value_loss", _valueLoss / _minibatches),
        ("entropy", _entropy / _minibatches),
        ("approximate_kl", ApproximateKl),
        ("clip_fraction", _clipFraction / _minibatches),
        ("gradient_norm", _gradientNorm / _minibatches),
    ];

    /// <summary>Adds one minibatch, whose <paramref name="logRatio"/> is log pi(a|s) - log pi_old(a|s), [b].</summary>
    public void Add(Tensor logRatio, double clipRange, double policyLoss, double valueLoss, double entropy, double gradientNorm)
    {
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
