using Rapid.Policies.Kernels;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>
/// Forward and backward passes of G perceptrons side by side, by hand, in buffers that are made once. An update of small networks spends
/// half of its time in autograd's bookkeeping and allocation; here it is matrix products and at most one element-wise pass a layer, and
/// a pass computes only the gradients that it is asked for. One instance serves any weights of its shape, one pass at a time. A
/// <see cref="Tape"/> joins passes with autograd.
/// </summary>
internal abstract class DenseNetwork : IDisposable
{
    /// <summary>[G, B, outputs] of the last forward pass.</summary>
    public abstract Tensor Output { get; }

    /// <summary>[G, B, outputs], the loss' gradient of <see cref="Output"/>: to be filled before <see cref="Backward"/>.</summary>
    public abstract Tensor OutputGradient { get; }

    /// <summary>The fastest for a device.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="rows">B.</param>
    /// <param name="device">Where weights and inputs live.</param>
    public static DenseNetwork Create(DenseShape shape, int rows, Device device) => device.type == TorchSharp.DeviceType.CPU
        ? new HostDenseNetwork(shape, rows, TileKernel.Best)
        : new TensorDenseNetwork(shape, rows, device);

    /// <summary>Evaluates all networks on the same input.</summary>
    /// <param name="weights">Of this shape.</param>
    /// <param name="input">[B, in], rows contiguous; must stay as it is until the backward pass is done.</param>
    public abstract Tensor Forward(DenseWeights weights, Tensor input);

    /// <summary>Goes back from <see cref="OutputGradient"/>, once after each forward pass.</summary>
    /// <param name="weights">As in the forward pass.</param>
    /// <param name="gradients">Overwritten with the gradients of the weights; null when they are not wanted.</param>
    /// <param name="firstInput">First of the inputs whose gradient is wanted.</param>
    /// <param name="inputGradient">[B, n], overwritten with the gradient of n inputs, summed over networks; null when it is not
    /// wanted.</param>
    public abstract void Backward(DenseWeights weights, DenseWeights? gradients, long firstInput = 0, Tensor? inputGradient = null);

    /// <inheritdoc/>
    public abstract void Dispose();
}
