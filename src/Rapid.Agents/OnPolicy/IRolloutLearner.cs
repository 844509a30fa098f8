using Rapid.Protocol.V1;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.OnPolicy;

/// <summary>Learns from fresh blocks, each once.</summary>
public interface IRolloutLearner : ILearner
{
    /// <summary>Environment steps that one update learns from.</summary>
    int BatchSteps { get; }

    /// <summary>[layout.Length], the gradient of the last step, as it was taken.</summary>
    Tensor Gradients { get; }

    /// <summary>Learns from one batch.</summary>
    /// <param name="blocks">The batch; their steps sum to <see cref="BatchSteps"/>.</param>
    /// <param name="progress">Part of the run that is over, in [0, 1): what schedules follow.</param>
    /// <param name="cancellation">Looked at between minibatches. What an update that is cancelled has learned is undone.</param>
    /// <returns>Named figures of this update.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; everything is as it was before the update.</exception>
    IReadOnlyList<(string Name, double Value)> Update(
        IReadOnlyList<Trajectory> blocks, double progress, CancellationToken cancellation = default);
}
