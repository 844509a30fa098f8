using System.Text.Json.Nodes;
using Rapid.Agents.State;

namespace Rapid.Agents;

/// <summary>Turns experience into new weights.</summary>
public interface ILearner : IDisposable
{
    /// <summary>Copies the weights that act.</summary>
    /// <param name="parameters">[layout.Length].</param>
    void CopyParameters(Span<float> parameters);

    /// <summary>Adds everything that a resumed run needs: weights, optimiser and normaliser state, counters, random state.</summary>
    void Save(IDictionary<string, TensorData> tensors, JsonObject state);

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is of another layout.</exception>
    void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state);
}
