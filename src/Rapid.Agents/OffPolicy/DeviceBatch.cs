using Rapid.Policies;
using static TorchSharp.torch;

namespace Rapid.Agents.OffPolicy;

/// <summary>Batches, which come to the host, where a learner's networks live.</summary>
/// <param name="layout">Sizes of observations and actions.</param>
/// <param name="options">Batch size.</param>
/// <param name="device">Where the networks live; on the host nothing is copied.</param>
internal sealed class DeviceBatch(PolicyLayout layout, OffPolicyOptions options, Device device) : IDisposable
{
    private readonly TransitionBatch? _copy =
        device.type == TorchSharp.DeviceType.CPU ? null : new TransitionBatch(layout, options, device);

    /// <summary>The batch itself, or its copy until the next one.</summary>
    public TransitionBatch Of(TransitionBatch batch)
    {
        _copy?.CopyFrom(batch);
        return _copy ?? batch;
    }

    /// <inheritdoc/>
    public void Dispose() => _copy?.Dispose();
}
