namespace Rapid.Environments;

/// <summary>
/// An environment whose step has two halves with something between them that can be done for many environments in one call.
/// <see cref="IEnvironment.Step"/> does the same for one.
/// </summary>
internal interface IHalvedEnvironment : IEnvironment
{
    /// <summary>What lies between the halves, the same in every step; null when there are none, as in a wrapper around another
    /// kind.</summary>
    IStepMiddle? Middle { get; }

    /// <summary>The half before.</summary>
    /// <param name="action">[act].</param>
    void Begin(ReadOnlySpan<float> action);

    /// <summary>The half after: reads what the step brought.</summary>
    /// <param name="breakdown">Why what lies between means nothing any more; null when all is well.</param>
    /// <param name="observation">[obs], overwritten.</param>
    StepResult End(string? breakdown, Span<float> observation);
}

/// <summary>What lies between the halves of an environment's step.</summary>
internal interface IStepMiddle
{
    /// <summary>Makes what does many of them in one call.</summary>
    /// <param name="middles">Of environments of this one's kind.</param>
    IMiddleBatch Batch(IReadOnlyList<IStepMiddle> middles);
}

/// <summary>
/// Does what lies between the halves of many steps, in one call for any range of them. Different threads may run ranges that do not
/// overlap. Whatever happens to one, the others are done.
/// </summary>
internal interface IMiddleBatch
{
    /// <summary>Does some in one call.</summary>
    /// <param name="first">Index of the first.</param>
    /// <param name="count">How many.</param>
    void Run(int first, int count);

    /// <summary>Why one of them failed in its last run; null when all is well.</summary>
    string? Breakdown(int index);
}
