using Rapid.Core;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="InvertedDoublePendulum"/>.</summary>
internal sealed record InvertedDoublePendulumOptions : MuJoCoOptions
{
    public InvertedDoublePendulumOptions() => FrameSkip = 5;

    [TaskOption("healthy_reward", "paid each step on which the tip is up", From = 5)]
    public double HealthyReward { get; init; } = 10;

    [TaskOption("reset_noise_scale", "half width of the start positions' noise and deviation of the velocities'", AtLeast = 0, From = 5)]
    public double ResetNoiseScale { get; init; } = 0.1;
}

/// <summary>Balance two poles on a cart, one on the other. Version 4 pays for the last step too, and observes three constraint forces
/// where version 5 observes the cart's.</summary>
internal sealed class InvertedDoublePendulum : MuJoCoEnvironment
{
    private const double Clip = 10, LowestTip = 1, UprightTip = 2; // metres

    private readonly InvertedDoublePendulumOptions _options;
    private readonly MuJoCoArray _sites, _constraintForces;
    private readonly int _observedForces;

    public InvertedDoublePendulum(InvertedDoublePendulumOptions options)
        : base("inverted_double_pendulum.xml", options)
    {
        _options = options;
        RequireDegrees(positions: 3, velocities: 3);
        (_sites, _constraintForces) = (Simulation.State("site_xpos"), Simulation.State("qfrc_constraint"));
        Require("sites, of which the first is the tip", 1, _sites.Count / 3);
        _observedForces = options.Version == 4 ? _constraintForces.Count : 1;
        SetLayout(
            1 + 2 * (Positions.Length - 1) + Velocities.Length + _observedForces,
            "reward_survive", "distance_penalty", "velocity_penalty");
    }

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        AddUniform(random, _options.ResetNoiseScale, positions);
        AddNormal(random, _options.ResetNoiseScale, velocities);
    }

    private protected override void Observe(Span<double> observation)
    {
        var links = Positions.Length - 1;
        observation[0] = Positions[0];
        for (var i = 1; i <= links; i++)
        {
            (observation[i], observation[links + i]) = Math.SinCos(Positions[i]);
        }

        var rest = observation[(1 + 2 * links)..];
        for (var i = 0; i < Velocities.Length; i++)
        {
            rest[i] = Math.Clamp(Velocities[i], -Clip, Clip);
        }

        rest = rest[Velocities.Length..];
        for (var i = 0; i < _observedForces; i++)
        {
            rest[i] = Math.Clamp(_constraintForces[i], -Clip, Clip);
        }
    }

    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        var (x, height) = (_sites[0], _sites[2]);
        var terminated = height <= LowestTip;
        var bonus = terminated && _options.Version != 4 ? 0 : _options.HealthyReward;
        var distance = 0.01 * x * x + (height - UprightTip) * (height - UprightTip);
        var velocity = 1e-3 * Velocities[1] * Velocities[1] + 5e-3 * Velocities[2] * Velocities[2];
        Report(bonus, -distance, -velocity);
        return (bonus - distance - velocity, terminated);
    }
}
