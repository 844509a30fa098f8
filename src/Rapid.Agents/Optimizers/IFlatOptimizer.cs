using Rapid.Agents.State;

namespace Rapid.Agents.Optimizers;

/// <summary>Moves one flat parameter tensor along one flat gradient tensor.</summary>
public interface IFlatOptimizer : IDisposable
{
    /// <summary>One step against the gradients as they are now.</summary>
    void Step(double learningRate);

    /// <summary>Visits its state.</summary>
    /// <exception cref="InvalidDataException">The bag restores a checkpoint of another length.</exception>
    void Visit(StateBag bag);
}
