using Rapid.Core;

namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="InvertedPendulum"/>.</summary>
internal sealed record InvertedPendulumOptions : MuJoCoOptions
{
    public InvertedPendulumOptions() => FrameSkip = 2;

    [TaskOption("reset_noise_scale", "half width of the start state's noise", AtLeast = 0, From = 5)]
    public double ResetNoiseScale { get; init; } = 0.01;
}

/// <summary>Balance a pole on a cart. Version 4 pays for the last step too.</summary>
internal sealed class InvertedPendulum : MuJoCoEnvironment
{
    private const double LargestAngle = 0.2; // radians

    private readonly InvertedPendulumOptions _options;
    private readonly StateSlices _observed;

    public InvertedPendulum(InvertedPendulumOptions options)
        : base("inverted_pendulum.xml", options)
    {
        _options = options;
        RequireDegrees(positions: 2, velocities: 1);
        _observed = new(new(Simulation.Positions), new(Simulation.Velocities));
        SetLayout(_observed.Size, "reward_survive");
    }

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        AddUniform(random, _options.ResetNoiseScale, positions);
        AddUniform(random, _options.ResetNoiseScale, velocities);
    }

    private protected override void Observe(Span<double> observation) => _observed.Write(observation);

    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        // A state that is not finite has diverged, which the step reports.
        var terminated = !(Math.Abs(Positions[1]) <= LargestAngle);
        var reward = terminated && _options.Version != 4 ? 0 : 1;
        Report(reward);
        return (reward, terminated);
    }
}
