using System.Text.Json.Nodes;
using Rapid.Learner.Checkpoints;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Algorithms;

/// <summary>Turns blocks of experience into new weights.</summary>
public interface IAlgorithm : IDisposable
{
    /// <summary>Environment steps that one update learns from.</summary>
    int BatchSteps { get; }

    /// <summary>Learns from one batch.</summary>
    /// <param name="blocks">The batch; their steps sum to <see cref="BatchSteps"/>.</param>
    /// <param name="progress">Part of the run that is over, in [0, 1): what schedules follow.</param>
    /// <param name="cancellation">Looked at between minibatches. What an update that is cancelled has learned is undone.</param>
    /// <returns>Named figures of this update.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; everything is as it was before the update.</exception>
    IReadOnlyList<(string Name, double Value)> Update(
        IReadOnlyList<Trajectory> blocks, double progress, CancellationToken cancellation = default);

    /// <summary>Copies the weights that act.</summary>
    /// <param name="parameters">[layout.Length].</param>
    void CopyParameters(Span<float> parameters);

    /// <summary>Copies the gradient of the last step, as it was taken.</summary>
    /// <param name="gradients">[layout.Length].</param>
    void CopyGradients(Span<float> gradients);

    /// <summary>Adds everything that a resumed run needs: weights, optimiser and normaliser state, counters, random state.</summary>
    void Save(IDictionary<string, TensorData> tensors, JsonObject state);

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is of another layout.</exception>
    void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state);
}
