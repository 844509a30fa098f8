using Rapid.Agents.Optimizers;
using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents.Sac;

/// <summary>The weight alpha of entropy, which moves until the policy has the wanted entropy (Haarnoja et al. 2018b, eq. 18).</summary>
internal sealed class Temperature : IDisposable
{
    private readonly SacOptions _options;
    private readonly double _target;
    private readonly Tensor _logAlpha, _gradient;
    private readonly FlatAdam _adam;

    /// <param name="options">Start and step size.</param>
    /// <param name="target">Entropy aimed at.</param>
    /// <param name="device">Where it lives.</param>
    public Temperature(SacOptions options, double target, Device device)
    {
        (_options, _target) = (options, target);
        _gradient = zeros(1, device: device);
        _logAlpha = full([1], (float)options.InitialLogAlpha, device: device);
        _adam = new FlatAdam(_logAlpha, _gradient, options.AdamEpsilon);
        Alpha = zeros(1, device: device);
        ReadAlpha();
    }

    /// <summary>[1], alpha as it is now, without gradient.</summary>
    public Tensor Alpha { get; }

    /// <summary>Whether it moves.</summary>
    public bool IsAdapted => _options.TemperatureLearningRate > 0;

    /// <summary>Equation 18: -alpha (mean(log pi) + target).</summary>
    /// <param name="alpha">[1].</param>
    /// <param name="meanLogProbability">Scalar, no gradient.</param>
    /// <param name="target">Entropy aimed at.</param>
    internal static Tensor Loss(Tensor alpha, Tensor meanLogProbability, double target) => -alpha * (meanLogProbability + target);

    /// <summary>One step.</summary>
    /// <param name="meanLogProbability">Scalar, mean of log pi over a batch, without gradient.</param>
    public void Descend(Tensor meanLogProbability)
    {
        // d alpha / d log alpha = alpha, so that the loss is its own gradient.
        using var noGrad = no_grad();
        _gradient.copy_(Loss(Alpha, meanLogProbability, _target));
        _adam.Step(_options.TemperatureLearningRate);
        ReadAlpha();
    }

    /// <summary>Visits alpha and its optimiser.</summary>
    public void Visit(StateBag bag)
    {
        bag.Visit("temperature.log_alpha", _logAlpha);
        _adam.Visit(bag, "temperature.");
        ReadAlpha();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Alpha.Dispose();
        _adam.Dispose();
        _logAlpha.Dispose();
        _gradient.Dispose();
    }

    private void ReadAlpha()
    {
        using var noGrad = no_grad();
        Alpha.copy_(_logAlpha).exp_();
    }
}
