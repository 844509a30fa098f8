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
    private readonly Tensor _firstMoment, _secondMoment; // [P], running means of gradients and of their squares
    private readonly double _epsilon;
    private long _steps;

    /// <param name="parameters">[P], updated in place.</param>
    /// <param name="gradients">[P], read at each step.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    public FlatAdam(Tensor parameters, Tensor gradients, double epsilon)
    {
        _parameters = parameters;
        _gradients = gradients;
        _epsilon = epsilon;
        _firstMoment = zeros_like(parameters);
        _secondMoment = zeros_like(parameters);
        _denominator = parameters.device_type == TorchSharp.DeviceType.CPU ? null : zeros_like(parameters);
    }

    /// <summary>theta -= lr m_hat / (sqrt(v_hat) + epsilon), with both bias corrections folded into the scalars.</summary>
    public void Step(double learningRate)
    {
        _steps++;
        var correction1 = 1 - Math.Pow(Beta1, _steps);
        var correction2 = Math.Sqrt(1 - Math.Pow(Beta2, _steps));
        if (_denominator is null)
        {
            HostPasses.Adam(
                TensorMemory.Floats(_parameters),
                TensorMemory.Floats(_gradients),
                TensorMemory.Floats(_firstMoment),
                TensorMemory.Floats(_secondMoment),
                (Beta1, Beta2),
                (float)(learningRate * correction2 / correction1),
                (float)(_epsilon * correction2));
            return;
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _firstMoment.mul_(Beta1).add_(_gradients, 1 - Beta1);
        _secondMoment.mul_(Beta2).addcmul_(_gradients, _gradients, 1 - Beta2);
        _denominator.copy_(_secondMoment).sqrt_().add_(_epsilon * correction2);
        _parameters.addcdiv_(_firstMoment, _denominator, -learningRate * correction2 / correction1);
    }

    /// <inheritdoc/>
    public void Visit(StateBag bag) => Visit(bag, "");

    /// <summary>Visits its state.</summary>
    /// <param name="bag">Notes or restores it.</param>
    /// <param name="owner">Of the parameters, where a learner has several: "critics.".</param>
    public void Visit(StateBag bag, string owner)
    {
        ArgumentNullException.ThrowIfNull(bag);
        ArgumentNullException.ThrowIfNull(owner);
        bag.Visit($"{owner}adam.first_moment", _firstMoment);
        bag.Visit($"{owner}adam.second_moment", _secondMoment);
        _steps = bag.Visit($"{owner.Replace('.', '_')}adam_steps", _steps);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _firstMoment.Dispose();
        _secondMoment.Dispose();
        _denominator?.Dispose();
    }
}
