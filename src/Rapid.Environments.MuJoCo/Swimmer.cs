using Rapid.Core;

namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="Swimmer"/>.</summary>
internal sealed record SwimmerOptions : MuJoCoOptions
{
    public SwimmerOptions() => FrameSkip = 4;

    [TaskOption("forward_reward_weight", "paid per m/s forward")]
    public double ForwardRewardWeight { get; init; } = 1;

    [TaskOption("ctrl_cost_weight", "charged per squared unit of action")]
    public double CtrlCostWeight { get; init; } = 1e-4;

    [TaskOption("reset_noise_scale", "half width of the start state's noise", AtLeast = 0)]
    public double ResetNoiseScale { get; init; } = 0.1;

    [TaskOption("exclude_current_positions_from_observation", "whether the place in the plane is left out of the observation")]
    public bool ExcludeCurrentPositions { get; init; } = true;
}

/// <summary>Swim forward with three links in a viscous fluid. Never terminates; both versions are the same.</summary>
internal sealed class Swimmer : MuJoCoEnvironment
{
    private readonly SwimmerOptions _options;
    private readonly StateSlices _observed;
    private double _beforeX, _beforeY;

    public Swimmer(SwimmerOptions options)
        : base("swimmer.xml", options)
    {
        _options = options;
        RequireDegrees(positions: 2, velocities: 1);
        _observed = new(new(Simulation.Positions, Skip: options.ExcludeCurrentPositions ? 2 : 0), new(Simulation.Velocities));
        SetLayout(
            _observed.Size, "x_position", "y_position", "distance_from_origin", "x_velocity", "y_velocity",
            options.Version == 4 ? "reward_fwd" : "reward_forward", "reward_ctrl");
    }

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        AddUniform(random, _options.ResetNoiseScale, positions);
        AddUniform(random, _options.ResetNoiseScale, velocities);
    }

    private protected override void Observe(Span<double> observation) => _observed.Write(observation);

    private protected override void BeforeStep() => (_beforeX, _beforeY) = (Positions[0], Positions[1]);

    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        var (x, y) = (Positions[0], Positions[1]);
        var velocity = (x - _beforeX) / StepSeconds;
        var (forward, control) = (_options.ForwardRewardWeight * velocity, _options.CtrlCostWeight * squaredControl);
        Report(x, y, Math.Sqrt(x * x + y * y), velocity, (y - _beforeY) / StepSeconds, forward, -control);
        return (forward - control, false);
    }
}
