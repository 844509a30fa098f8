using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents;

/// <summary>Turns experience into new weights.</summary>
public interface ILearner : IDisposable
{
    /// <summary>[layout.Length], the weights that act, wherever they live.</summary>
    Tensor Parameters { get; }

    /// <summary>Visits everything that a resumed run needs: weights, optimiser and normaliser state, counters, random state.</summary>
    /// <exception cref="InvalidDataException">The bag restores a checkpoint of another layout.</exception>
    void Visit(StateBag bag);
}
