using Rapid.Agents.Networks;
using Rapid.Agents.Optimizers;
using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents.OffPolicy;

/// <summary>A copy of some weights that follows them slowly: a target network (Lillicrap et al. 2016).</summary>
internal sealed class SlowCopy : IDisposable
{
    private readonly DenseWeights _online;
    private readonly double _tau;
    private readonly Tensor _tauOnDevice;
    private readonly bool _isOnHost;

    /// <param name="online">What is followed; the copy starts equal.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="tau">Part of the way that <see cref="Track"/> moves; 1 copies.</param>
    /// <param name="device">Where both live.</param>
    public SlowCopy(DenseWeights online, DenseShape shape, double tau, Device device)
    {
        (_online, _tau, _isOnHost) = (online, tau, device.type == TorchSharp.DeviceType.CPU);
        Weights = new DenseWeights(shape, device);
        Weights.Flat.copy_(online.Flat);
        _tauOnDevice = tensor((float)tau, device: device);
    }

    /// <summary>The copy.</summary>
    public DenseWeights Weights { get; }

    /// <summary>theta' = tau theta + (1 - tau) theta'.</summary>
    public void Track()
    {
        if (_isOnHost)
        {
            HostPasses.MoveTowards(TensorMemory.Floats(Weights.Flat), TensorMemory.Floats(_online.Flat), _tau);
        }
        else
        {
            Weights.Flat.lerp_(_online.Flat, _tauOnDevice);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tauOnDevice.Dispose();
        Weights.Dispose();
    }
}
