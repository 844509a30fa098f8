using Rapid.Core;
using Rapid.Environments.Rendering;

namespace Rapid.Environments.Classic;

/// <summary>Get a weak car out of a valley with three actions (Moore 1990; Gymnasium's MountainCar-v0).</summary>
/// <param name="goalVelocity">Speed that it must have at least at the goal.</param>
public sealed class MountainCar(double goalVelocity = 0) : IEnvironment, IRenderable
{
    private const double MinPosition = -1.2, MaxPosition = 0.6, MaxSpeed = 0.07, Goal = 0.5, Force = 0.001, Gravity = 0.0025;

    private double _position, _velocity;

    /// <inheritdoc/>
    public Space ObservationSpace { get; } = new BoxSpace([(float)MinPosition, -(float)MaxSpeed], [(float)MaxPosition, (float)MaxSpeed]);

    /// <inheritdoc/>
    public Space ActionSpace { get; } = new DiscreteSpace(3);

    internal (double Position, double Velocity) State
    {
        get => (_position, _velocity);
        set => (_position, _velocity) = value;
    }

    /// <inheritdoc/>
    public double StepsPerSecond => 30;

    /// <inheritdoc/>
    public double AspectRatio => 1.5;

    /// <inheritdoc/>
    public IRenderer CreateRenderer(RenderOptions options) =>
        new CanvasRenderer(options, canvas => ClassicScenes.DrawMountainCar(canvas, _position, Goal));

    /// <inheritdoc/>
    public void Reset(RandomStream random, Span<float> observation)
    {
        (_position, _velocity) = (random.NextUniform(-0.6, -0.4), 0);
        (observation[0], observation[1]) = ((float)_position, 0);
    }

    /// <inheritdoc/>
    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        _velocity = Math.Clamp(_velocity + (Math.Round(action[0]) - 1) * Force - Math.Cos(3 * _position) * Gravity, -MaxSpeed, MaxSpeed);
        _position = Math.Clamp(_position + _velocity, MinPosition, MaxPosition);
        if (_position == MinPosition && _velocity < 0)
        {
            _velocity = 0;
        }

        (observation[0], observation[1]) = ((float)_position, (float)_velocity);
        return new StepResult(-1, _position >= Goal && _velocity >= goalVelocity);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
