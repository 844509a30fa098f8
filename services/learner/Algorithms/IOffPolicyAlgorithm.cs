using System.Text.Json.Nodes;
using Rapid.Learner.Checkpoints;

namespace Rapid.Learner.Algorithms;

/// <summary>Turns batches of transitions, drawn from a table again and again, into new weights.</summary>
public interface IOffPolicyAlgorithm : IDisposable
{
    /// <summary>Learns from one batch.</summary>
    /// <param name="batch">On the host; may be changed.</param>
    void Update(TransitionBatch batch);

    /// <summary>Named figures of the last update. Waits for the device.</summary>
    IReadOnlyList<(string Name, double Value)> ReadFigures();

    /// <summary>Absolute temporal-difference errors of the last update. Waits for the device.</summary>
    /// <param name="errors">[B].</param>
    void ReadErrors(Span<float> errors);

    /// <summary>Copies the weights that act.</summary>
    /// <param name="parameters">[layout.Length].</param>
    void CopyParameters(Span<float> parameters);

    /// <summary>Adds everything that a resumed run needs: weights, optimiser state, counters, random state.</summary>
    void Save(IDictionary<string, TensorData> tensors, JsonObject state);

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is of another layout.</exception>
    void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state);
}
