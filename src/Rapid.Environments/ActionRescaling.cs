using Rapid.Core;
using Rapid.Environments.Rendering;

namespace Rapid.Environments;

/// <summary>Takes actions in [-1, 1] and maps them linearly onto the box of an environment, whoever acts: -1 is its lower bound, 1 its
/// upper one.</summary>
public sealed class ActionRescaling : IEnvironment, IHalvedEnvironment
{
    private readonly IEnvironment _inner;
    private readonly IHalvedEnvironment? _halves;
    private readonly BoxSpace _box;
    private readonly float[] _action;

    /// <param name="inner">Owned.</param>
    /// <exception cref="ArgumentException">Its actions are not a box, or one without all bounds.</exception>
    public ActionRescaling(IEnvironment inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _box = inner.ActionSpace is BoxSpace box && box.Low.Concat(box.High).All(float.IsFinite)
            ? box
            : throw new ArgumentException($"rescale_actions needs actions in a box with all bounds finite, not {inner.ActionSpace}");
        (_inner, _halves, _action) = (inner, inner as IHalvedEnvironment, new float[box.Size]);
        ActionSpace = BoxSpace.Uniform(box.Size, -1, 1);
    }

    /// <inheritdoc/>
    public Space ObservationSpace => _inner.ObservationSpace;

    /// <inheritdoc/>
    public Space ActionSpace { get; }

    /// <inheritdoc/>
    public IRenderable? Renderable => _inner.Renderable;

    /// <inheritdoc/>
    public ICarryOver? CarryOver => _inner.CarryOver;

    /// <inheritdoc/>
    public void Reset(RandomStream random, Span<float> observation) => _inner.Reset(random, observation);

    /// <inheritdoc/>
    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation) => _inner.Step(Rescale(action), observation);

    /// <inheritdoc/>
    public void Dispose() => _inner.Dispose();

    IStepMiddle? IHalvedEnvironment.Middle => _halves?.Middle;

    void IHalvedEnvironment.Begin(ReadOnlySpan<float> action) => _halves!.Begin(Rescale(action));

    StepResult IHalvedEnvironment.End(string? breakdown, Span<float> observation) => _halves!.End(breakdown, observation);

    private ReadOnlySpan<float> Rescale(ReadOnlySpan<float> action)
    {
        for (var j = 0; j < _action.Length; j++)
        {
            // Halves first: the width of a box of large numbers may be infinite. Rounding must not leave the box.
            var (low, high) = (_box.Low[j] / 2, _box.High[j] / 2);
            _action[j] = Math.Clamp(high + low + (high - low) * action[j], _box.Low[j], _box.High[j]);
        }

        return _action;
    }
}
