using Rapid.Core;
using Rapid.Environments.Rendering;

namespace Rapid.Environments;

/// <summary>Truncates episodes after a number of steps. A step that both dies and reaches the limit is a death.</summary>
/// <param name="inner">Owned.</param>
/// <param name="maxSteps">Steps per episode.</param>
public sealed class TimeLimit(IEnvironment inner, int maxSteps) : IEnvironment, IHalvedEnvironment
{
    private readonly IHalvedEnvironment? _halves = inner as IHalvedEnvironment;
    private int _steps;
    private bool _gameGoesOn;

    /// <inheritdoc/>
    public Space ObservationSpace => inner.ObservationSpace;

    /// <inheritdoc/>
    public Space ActionSpace => inner.ActionSpace;

    /// <inheritdoc/>
    public IRenderable? Renderable => inner.Renderable;

    /// <inheritdoc/>
    public ICarryOver? CarryOver => inner.CarryOver;

    /// <inheritdoc/>
    public void Reset(RandomStream random, Span<float> observation)
    {
        _steps = _gameGoesOn ? _steps : 0;
        _gameGoesOn = false;
        inner.Reset(random, observation);
    }

    /// <inheritdoc/>
    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation) => Limit(inner.Step(action, observation));

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();

    IStepMiddle? IHalvedEnvironment.Middle => _halves?.Middle;

    void IHalvedEnvironment.Begin(ReadOnlySpan<float> action) => _halves!.Begin(action);

    StepResult IHalvedEnvironment.End(string? breakdown, Span<float> observation) => Limit(_halves!.End(breakdown, observation));

    private StepResult Limit(StepResult result)
    {
        _gameGoesOn = result.GameGoesOn;

        // Where a life is lost at the limit, the next step is the last.
        return ++_steps >= maxSteps && !result.Terminated ? result with { Truncated = true } : result;
    }
}
