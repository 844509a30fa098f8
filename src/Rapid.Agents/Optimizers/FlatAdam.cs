using System.Text.Json.Nodes;
using Rapid.Agents.Networks;
using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents.Optimizers;

/// <summary>Adam (Kingma and Ba 2015, algorithm 1) over one flat parameter tensor: a step is a handful of vector operations however many
/// layers there are, and its state is two tensors that a checkpoint can hold.</summary>
public sealed class FlatAdam : IFlatOptimizer
{
    private const double Beta1 = 0.9, Beta2 = 0.999; // section 2 of the paper

    private readonly Tensor _parameters;
    private readonly Tensor _gradients;
    private readonly Tensor? _denominator; // null on the host, where a step is one pass
    private readonly double _epsilon;

    /// <param name="parameters">[P], updated in place.</param>
    /// <param name="gradients">[P], read at each step.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    public FlatAdam(Tensor parameters, Tensor gradients, double epsilon)
    {
        _parameters = parameters;
        _gradients = gradients;
        _epsilon = epsilon;
        FirstMoment = zeros_like(parameters);
        SecondMoment = zeros_like(parameters);
        _denominator = parameters.device_type == TorchSharp.DeviceType.CPU ? null : zeros_like(parameters);
    }

    /// <summary>[P], running mean of gradients.</summary>
    public Tensor FirstMoment { get; }

    /// <summary>[P], running mean of squared gradients.</summary>
    public Tensor SecondMoment { get; }

    /// <summary>Steps taken.</summary>
    public long Steps { get; set; }

    /// <summary>theta -= lr m_hat / (sqrt(v_hat) + epsilon), with both bias corrections folded into the scalars.</summary>
    public void Step(double learningRate)
    {
        Steps++;
        var correction1 = 1 - Math.Pow(Beta1, Steps);
        var correction2 = Math.Sqrt(1 - Math.Pow(Beta2, Steps));
        if (_denominator is null)
        {
            HostPasses.Adam(
                TensorMemory.Floats(_parameters),
                TensorMemory.Floats(_gradients),
                TensorMemory.Floats(FirstMoment),
                TensorMemory.Floats(SecondMoment),
                (Beta1, Beta2),
                (float)(learningRate * correction2 / correction1),
                (float)(_epsilon * correction2));
            return;
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        FirstMoment.mul_(Beta1).add_(_gradients, 1 - Beta1);
        SecondMoment.mul_(Beta2).addcmul_(_gradients, _gradients, 1 - Beta2);
        _denominator.copy_(SecondMoment).sqrt_().add_(_epsilon * correction2);
        _parameters.addcdiv_(FirstMoment, _denominator, -learningRate * correction2 / correction1);
    }

    /// <inheritdoc/>
    public void Save(IDictionary<string, TensorData> tensors, JsonObject state)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(state);
        tensors["adam.first_moment"] = TensorMemory.ToData(FirstMoment);
        tensors["adam.second_moment"] = TensorMemory.ToData(SecondMoment);
        state["adam_steps"] = Steps;
    }

    /// <inheritdoc/>
    public void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(state);
        TensorMemory.CopyFrom(tensors["adam.first_moment"], FirstMoment);
        TensorMemory.CopyFrom(tensors["adam.second_moment"], SecondMoment);
        Steps = (long)state["adam_steps"]!;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FirstMoment.Dispose();
        SecondMoment.Dispose();
        _denominator?.Dispose();
    }
}
