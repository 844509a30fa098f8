using Rapid.Core;
using Rapid.Environments.Rendering;

namespace Rapid.Environments.Classic;

/// <summary>Balance a pole on a cart by pushing left or right (Barto, Sutton and Anderson 1983; Gymnasium's CartPole-v1).</summary>
public sealed class CartPole(bool suttonBartoReward = false) : IEnvironment, IRenderable
{
    private const double Gravity = 9.8, CartMass = 1, PoleMass = 0.1, PoleHalfLength = 0.5, Force = 10, Dt = 0.02; // SI units
    private const double TotalMass = CartMass + PoleMass, PoleMassLength = PoleMass * PoleHalfLength;
    private const double PositionLimit = 2.4, AngleLimit = 12 * 2 * Math.PI / 360;

    private double _x, _v, _angle, _angularVelocity;
    private bool _over;

    /// <inheritdoc/>
    public Space ObservationSpace { get; } = new BoxSpace(
        [-2 * (float)PositionLimit, float.NegativeInfinity, -2 * (float)AngleLimit, float.NegativeInfinity],
        [2 * (float)PositionLimit, float.PositiveInfinity, 2 * (float)AngleLimit, float.PositiveInfinity]);

    /// <inheritdoc/>
    public Space ActionSpace { get; } = new DiscreteSpace(2);

    internal (double X, double V, double Angle, double AngularVelocity) State
    {
        get => (_x, _v, _angle, _angularVelocity);
        set => ((_x, _v, _angle, _angularVelocity), _over) = (value, false);
    }

    /// <inheritdoc/>
    public double StepsPerSecond => 1 / Dt;

    /// <inheritdoc/>
    public double AspectRatio => 1.5;

    /// <inheritdoc/>
    public IRenderer CreateRenderer(RenderOptions options) =>
        new CanvasRenderer(options, canvas => ClassicScenes.DrawCartPole(canvas, _x, _angle));

    /// <inheritdoc/>
    public void Reset(RandomStream random, Span<float> observation)
    {
        _x = random.NextUniform(-0.05, 0.05);
        _v = random.NextUniform(-0.05, 0.05);
        _angle = random.NextUniform(-0.05, 0.05);
        _angularVelocity = random.NextUniform(-0.05, 0.05);
        _over = false;
        Observe(observation);
    }

    /// <inheritdoc/>
    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        var force = action[0] >= 0.5f ? Force : -Force;
        double sin = Math.Sin(_angle), cos = Math.Cos(_angle);
        var t = (force + PoleMassLength * (_angularVelocity * _angularVelocity) * sin) / TotalMass;
        var angularAcceleration = (Gravity * sin - cos * t) / (PoleHalfLength * (4.0 / 3.0 - PoleMass * (cos * cos) / TotalMass));
        var acceleration = t - PoleMassLength * angularAcceleration * cos / TotalMass;

        // Explicit Euler: positions move with the old velocities.
        _x += Dt * _v;
        _v += Dt * acceleration;
        _angle += Dt * _angularVelocity;
        _angularVelocity += Dt * angularAcceleration;
        Observe(observation);

        var terminated = Math.Abs(_x) > PositionLimit || Math.Abs(_angle) > AngleLimit;
        var reward = suttonBartoReward ? (terminated ? -1 : 0) : _over && terminated ? 0 : 1;
        _over |= terminated;
        return new StepResult(reward, terminated);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Observe(Span<float> observation)
    {
        observation[0] = (float)_x;
        observation[1] = (float)_v;
        observation[2] = (float)_angle;
        observation[3] = (float)_angularVelocity;
    }
}
