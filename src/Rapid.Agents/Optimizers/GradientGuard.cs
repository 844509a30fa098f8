using System.Numerics.Tensors;
using Rapid.Agents.State;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.Optimizers;

/// <summary>Turns a gradient that is not finite into zeros and counts it, without waiting for the device.</summary>
internal sealed class GradientGuard(Tensor gradients) : IDisposable
{
    private readonly bool _isOnHost = gradients.device_type == TorchSharp.DeviceType.CPU;

    /// <summary>Scalar, gradients that were zeroed so far.</summary>
    public Tensor Count { get; } = zeros(1, device: gradients.device);

    /// <summary>Checks the gradient as it is now.</summary>
    public void ZeroIfBad()
    {
        using var scope = NewDisposeScope();
        if (_isOnHost)
        {
            var values = TensorMemory.Floats(gradients);
            if (!float.IsFinite(TensorPrimitives.SumOfSquares<float>(values)))
            {
                values.Clear();
                Count.add_(1);
            }

            return;
        }

        // One sum of squares is cheaper than looking at every element, and infinite or NaN as soon as one of them is.
        var isBad = gradients.dot(gradients).isfinite().logical_not();
        gradients.masked_fill_(isBad, 0);
        Count.add_(isBad);
    }

    /// <inheritdoc/>
    public void Dispose() => Count.Dispose();
}
