using System.Text.Json.Nodes;
using Rapid.Agents.Networks;
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
        _logAlpha = full([1], (float)options.InitialLogAlpha, device: device);
        _gradient = zeros_like(_logAlpha);
        _adam = new FlatAdam(_logAlpha, _gradient, options.AdamEpsilon);
        Alpha = _logAlpha.exp().DetachFromDisposeScope();
    }

    /// <summary>[1], alpha as it is now.</summary>
    public Tensor Alpha { get; }

    /// <summary>Whether it moves.</summary>
    public bool IsAdapted => _options.TemperatureLearningRate > 0;

    /// <summary>-alpha * (mean(log pi) + target): the loss whose gradient by log alpha is itself.</summary>
    /// <param name="alpha">[1].</param>
    /// <param name="meanLogProbability">Scalar.</param>
    /// <param name="target">Entropy aimed at.</param>
    internal static Tensor Loss(Tensor alpha, Tensor meanLogProbability, double target) => (meanLogProbability + target) * alpha * -1;

    /// <summary>One step.</summary>
    /// <param name="meanLogProbability">Scalar, mean of log pi over a batch.</param>
    public void Descend(Tensor meanLogProbability)
    {
        // d alpha / d log alpha = alpha, so that the loss is its own gradient.
        _gradient.copy_(Loss(Alpha, meanLogProbability, _target));
        _adam.Step(_options.TemperatureLearningRate);
        Alpha.copy_(_logAlpha).exp_();
    }

    /// <summary>Adds it to a checkpoint.</summary>
    public void Save(IDictionary<string, TensorData> tensors, JsonObject state)
    {
        tensors["temperature.log_alpha"] = TensorMemory.ToData(_logAlpha);
        tensors["temperature.adam.first_moment"] = TensorMemory.ToData(_adam.FirstMoment);
        tensors["temperature.adam.second_moment"] = TensorMemory.ToData(_adam.SecondMoment);
        state["temperature_adam_steps"] = _adam.Steps;
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state)
    {
        TensorMemory.CopyFrom(tensors["temperature.log_alpha"], _logAlpha);
        TensorMemory.CopyFrom(tensors["temperature.adam.first_moment"], _adam.FirstMoment);
        TensorMemory.CopyFrom(tensors["temperature.adam.second_moment"], _adam.SecondMoment);
        _adam.Steps = (long)state["temperature_adam_steps"]!;
        Alpha.copy_(_logAlpha).exp_();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Alpha.Dispose();
        _adam.Dispose();
        _gradient.Dispose();
        _logAlpha.Dispose();
    }
}
