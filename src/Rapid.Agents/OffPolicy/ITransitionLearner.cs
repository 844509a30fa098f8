namespace Rapid.Agents.OffPolicy;

/// <summary>Learns from batches of transitions, drawn from a table again and again.</summary>
public interface ITransitionLearner : ILearner
{
    /// <summary>Learns from one batch.</summary>
    /// <param name="batch">Where the weights are; may be changed.</param>
    void Update(TransitionBatch batch);

    /// <summary>Named figures of the last update. Waits for the device.</summary>
    IReadOnlyList<(string Name, double Value)> ReadFigures();

    /// <summary>Absolute temporal-difference errors of the last update. Waits for the device.</summary>
    /// <param name="errors">[B].</param>
    void ReadErrors(Span<float> errors);
}
