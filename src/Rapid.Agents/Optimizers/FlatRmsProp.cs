using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents.Optimizers;

/// <summary>RMSProp (Tieleman and Hinton 2012) without momentum over one flat parameter tensor.</summary>
/// <remarks>
/// Two flavours are called RMSProp. PyTorch's starts the mean square v at 0 and adds epsilon to its root; TensorFlow 1's starts v at 1 and
/// adds epsilon under the root. With a gradient of 0.3 and A2C's constants their first steps are 6.998e-3 and 2.110e-4.
/// </remarks>
public sealed class FlatRmsProp : IFlatOptimizer
{
    private readonly Tensor _parameters;
    private readonly Tensor _gradients;
    private readonly Tensor _meanSquare;
    private readonly Tensor _denominator;
    private readonly double _smoothing;
    private readonly double _epsilon;
    private readonly RmspropFlavour _flavour;

    /// <param name="parameters">[P], updated in place.</param>
    /// <param name="gradients">[P], read at each step.</param>
    /// <param name="smoothing">alpha: how much of the mean square is kept at each step.</param>
    /// <param name="epsilon">Bounds the step where gradients vanish.</param>
    /// <param name="flavour">Whose RMSProp.</param>
    public FlatRmsProp(Tensor parameters, Tensor gradients, double smoothing, double epsilon, RmspropFlavour flavour)
    {
        (_parameters, _gradients, _smoothing, _epsilon, _flavour) = (parameters, gradients, smoothing, epsilon, flavour);
        _meanSquare = flavour == RmspropFlavour.Torch ? zeros_like(parameters) : ones_like(parameters);
        _denominator = zeros_like(parameters);
    }

    /// <summary>v = alpha v + (1 - alpha) g^2, then theta -= lr g / (sqrt(v) + epsilon), or lr g / sqrt(v + epsilon).</summary>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _meanSquare.mul_(_smoothing).addcmul_(_gradients, _gradients, 1 - _smoothing);
        _denominator.copy_(_meanSquare);
        if (_flavour == RmspropFlavour.Torch)
        {
            _denominator.sqrt_().add_(_epsilon);
        }
        else
        {
            _denominator.add_(_epsilon).sqrt_();
        }

        _parameters.addcdiv_(_gradients, _denominator, -learningRate);
    }

    /// <inheritdoc/>
    public void Visit(StateBag bag)
    {
        ArgumentNullException.ThrowIfNull(bag);
        bag.Visit("rmsprop.mean_square", _meanSquare);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _meanSquare.Dispose();
        _denominator.Dispose();
    }
}
