using Rapid.Core;
using Rapid.Environments.Rendering;

namespace Rapid.Environments.Classic;

/// <summary>The mountain car with a continuous force (Gymnasium's MountainCarContinuous-v0).</summary>
/// <param name="goalVelocity">Speed that it must have at least at the goal.</param>
public sealed class MountainCarContinuous(double goalVelocity = 0) : IEnvironment, IRenderable
{
    private const double MinPosition = -1.2, MaxPosition = 0.6, MaxSpeed = 0.07, Goal = 0.45, Power = 0.0015, Gravity = 0.0025;

    private double _position, _velocity;

    /// <inheritdoc/>
    public Space ObservationSpace { get; } = new BoxSpace([(float)MinPosition, -(float)MaxSpeed], [(float)MaxPosition, (float)MaxSpeed]);

    /// <inheritdoc/>
    public Space ActionSpace { get; } = BoxSpace.Uniform(1, -1, 1);

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
        double raw = action[0], force = Math.Clamp(raw, -1, 1);
        _velocity = Math.Clamp(_velocity + force * Power - Gravity * Math.Cos(3 * _position), -MaxSpeed, MaxSpeed);
        _position = Math.Clamp(_position + _velocity, MinPosition, MaxPosition);
        if (_position == MinPosition && _velocity < 0)
        {
            _velocity = 0;
        }

        var terminated = _position >= Goal && _velocity >= goalVelocity;

        // The original stores its state in single precision after each step, and charges for the action as it was given.
        (_position, _velocity) = ((float)_position, (float)_velocity);
        (observation[0], observation[1]) = ((float)_position, (float)_velocity);
        return new StepResult((terminated ? 100 : 0) - 0.1 * (raw * raw), terminated);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
