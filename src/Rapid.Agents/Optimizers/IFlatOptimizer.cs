using System.Text.Json.Nodes;
using Rapid.Agents.State;

namespace Rapid.Agents.Optimizers;

/// <summary>Moves one flat parameter tensor along one flat gradient tensor.</summary>
public interface IFlatOptimizer : IDisposable
{
    /// <summary>One step against the gradients as they are now.</summary>
    void Step(double learningRate);

    /// <summary>Adds its state to a checkpoint.</summary>
    void Save(IDictionary<string, TensorData> tensors, JsonObject state);

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is of another length.</exception>
    void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state);
}
