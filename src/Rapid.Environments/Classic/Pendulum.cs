using Rapid.Core;
using Rapid.Environments.Rendering;

namespace Rapid.Environments.Classic;

/// <summary>Swing a pendulum up and hold it with little torque (Gymnasium's Pendulum-v1). Never terminates.</summary>
/// <param name="gravity">m/s^2.</param>
public sealed class Pendulum(double gravity = 10) : IEnvironment, IRenderable
{
    private const double MaxSpeed = 8, MaxTorque = 2, Dt = 0.05, Mass = 1, Length = 1; // rad/s, N m, s, kg, m

    private double _angle, _speed;

    /// <inheritdoc/>
    public Space ObservationSpace { get; } = new BoxSpace([-1, -1, -(float)MaxSpeed], [1, 1, (float)MaxSpeed]);

    /// <inheritdoc/>
    public Space ActionSpace { get; } = BoxSpace.Uniform(1, -(float)MaxTorque, (float)MaxTorque);

    internal (double Angle, double Speed) State
    {
        get => (_angle, _speed);
        set => (_angle, _speed) = value;
    }

    /// <inheritdoc/>
    public double StepsPerSecond => 1 / Dt;

    /// <inheritdoc/>
    public double AspectRatio => 1;

    /// <inheritdoc/>
    public IRenderer CreateRenderer(RenderOptions options) =>
        new CanvasRenderer(options, canvas => ClassicScenes.DrawPendulum(canvas, _angle));

    /// <inheritdoc/>
    public void Reset(RandomStream random, Span<float> observation)
    {
        _angle = random.NextUniform(-Math.PI, Math.PI);
        _speed = random.NextUniform(-1, 1);
        Observe(observation);
    }

    /// <inheritdoc/>
    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        var torque = Math.Clamp((double)action[0], -MaxTorque, MaxTorque);
        var angle = Wrap(_angle);
        var cost = angle * angle + 0.1 * (_speed * _speed) + 0.001 * (torque * torque);
        var speed = _speed + (3 * gravity / (2 * Length) * Math.Sin(_angle) + 3.0 / (Mass * Length * Length) * torque) * Dt;
        _speed = Math.Clamp(speed, -MaxSpeed, MaxSpeed);
        _angle += _speed * Dt;
        Observe(observation);
        return new StepResult(-cost, Terminated: false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static double Wrap(double angle)
    {
        var shifted = (angle + Math.PI) % (2 * Math.PI);
        return (shifted < 0 ? shifted + 2 * Math.PI : shifted) - Math.PI;
    }

    private void Observe(Span<float> observation)
    {
        observation[0] = (float)Math.Cos(_angle);
        observation[1] = (float)Math.Sin(_angle);
        observation[2] = (float)_speed;
    }
}
