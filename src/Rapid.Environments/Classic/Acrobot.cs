using Rapid.Core;
using Rapid.Environments.Rendering;

namespace Rapid.Environments.Classic;

/// <summary>Swing a two-link arm above a line by torque at the elbow (Sutton 1996, the book's dynamics; Gymnasium's Acrobot-v1).</summary>
/// <param name="isOfPaper">The dynamics of the paper ("nips"), which lack a term that the book's have.</param>
public sealed class Acrobot(bool isOfPaper = false) : IEnvironment, IRenderable
{
    private const double Dt = 0.2, Gravity = 9.8; // s, m/s^2
    private const double Length1 = 1, Mass1 = 1, Mass2 = 1, Centre1 = 0.5, Centre2 = 0.5, Inertia1 = 1, Inertia2 = 1;
    private const double MaxSpeed1 = 4 * Math.PI, MaxSpeed2 = 9 * Math.PI;

    private State4 _state;

    /// <inheritdoc/>
    public Space ObservationSpace { get; } = new BoxSpace(
        [-1, -1, -1, -1, -(float)MaxSpeed1, -(float)MaxSpeed2], [1, 1, 1, 1, (float)MaxSpeed1, (float)MaxSpeed2]);

    /// <inheritdoc/>
    public Space ActionSpace { get; } = new DiscreteSpace(3);

    internal (double Angle1, double Angle2, double Speed1, double Speed2) State
    {
        get => (_state.Angle1, _state.Angle2, _state.Speed1, _state.Speed2);
        set => _state = new State4(value.Angle1, value.Angle2, value.Speed1, value.Speed2);
    }

    /// <summary>Three times as fast as in life, as Gymnasium shows it: five pictures a second are no film.</summary>
    public double StepsPerSecond => 15;

    /// <inheritdoc/>
    public double AspectRatio => 1;

    /// <inheritdoc/>
    public IRenderer CreateRenderer(RenderOptions options) =>
        new CanvasRenderer(options, canvas => ClassicScenes.DrawAcrobot(canvas, _state.Angle1, _state.Angle2));

    /// <inheritdoc/>
    public void Reset(RandomStream random, Span<float> observation)
    {
        // The original keeps its start state in single precision.
        float Draw() => (float)random.NextUniform(-0.1, 0.1);
        _state = new State4(Draw(), Draw(), Draw(), Draw());
        Observe(observation);
    }

    /// <inheritdoc/>
    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        var torque = Math.Round(action[0]) - 1;
        var k1 = Derivative(_state, torque);
        var k2 = Derivative(_state.Plus(k1, Dt / 2), torque);
        var k3 = Derivative(_state.Plus(k2, Dt / 2), torque);
        var k4 = Derivative(_state.Plus(k3, Dt), torque);
        _state = new State4(
            Wrap(_state.Angle1 + Dt / 6 * (k1.Angle1 + 2 * k2.Angle1 + 2 * k3.Angle1 + k4.Angle1)),
            Wrap(_state.Angle2 + Dt / 6 * (k1.Angle2 + 2 * k2.Angle2 + 2 * k3.Angle2 + k4.Angle2)),
            Math.Clamp(_state.Speed1 + Dt / 6 * (k1.Speed1 + 2 * k2.Speed1 + 2 * k3.Speed1 + k4.Speed1), -MaxSpeed1, MaxSpeed1),
            Math.Clamp(_state.Speed2 + Dt / 6 * (k1.Speed2 + 2 * k2.Speed2 + 2 * k3.Speed2 + k4.Speed2), -MaxSpeed2, MaxSpeed2));
        Observe(observation);
        var terminated = -Math.Cos(_state.Angle1) - Math.Cos(_state.Angle2 + _state.Angle1) > 1;
        return new StepResult(terminated ? 0 : -1, terminated);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private State4 Derivative(State4 s, double torque)
    {
        double cos2 = Math.Cos(s.Angle2), sin2 = Math.Sin(s.Angle2);
        var d1 = Mass1 * Centre1 * Centre1 + Mass2 * (Length1 * Length1 + Centre2 * Centre2 + 2 * Length1 * Centre2 * cos2)
            + Inertia1 + Inertia2;
        var d2 = Mass2 * (Centre2 * Centre2 + Length1 * Centre2 * cos2) + Inertia2;
        var phi2 = Mass2 * Centre2 * Gravity * Math.Cos(s.Angle1 + s.Angle2 - Math.PI / 2);
        var phi1 = -Mass2 * Length1 * Centre2 * (s.Speed2 * s.Speed2) * sin2
            - 2 * Mass2 * Length1 * Centre2 * s.Speed2 * s.Speed1 * sin2
            + (Mass1 * Centre1 + Mass2 * Length1) * Gravity * Math.Cos(s.Angle1 - Math.PI / 2) + phi2;
        var centrifugal = isOfPaper ? 0 : Mass2 * Length1 * Centre2 * (s.Speed1 * s.Speed1) * sin2;
        var acceleration2 = (torque + d2 / d1 * phi1 - centrifugal - phi2)
            / (Mass2 * Centre2 * Centre2 + Inertia2 - d2 * d2 / d1);
        var acceleration1 = -(d2 * acceleration2 + phi1) / d1;
        return new State4(s.Speed1, s.Speed2, acceleration1, acceleration2);
    }

    private static double Wrap(double angle)
    {
        while (angle > Math.PI)
        {
            angle -= 2 * Math.PI;
        }

        while (angle < -Math.PI)
        {
            angle += 2 * Math.PI;
        }

        return angle;
    }

    private void Observe(Span<float> observation)
    {
        observation[0] = (float)Math.Cos(_state.Angle1);
        observation[1] = (float)Math.Sin(_state.Angle1);
        observation[2] = (float)Math.Cos(_state.Angle2);
        observation[3] = (float)Math.Sin(_state.Angle2);
        observation[4] = (float)_state.Speed1;
        observation[5] = (float)_state.Speed2;
    }

    private readonly record struct State4(double Angle1, double Angle2, double Speed1, double Speed2)
    {
        public State4 Plus(State4 d, double step) =>
            new(Angle1 + step * d.Angle1, Angle2 + step * d.Angle2, Speed1 + step * d.Speed1, Speed2 + step * d.Speed2);
    }
}
