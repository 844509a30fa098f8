namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="Hopper"/>.</summary>
internal sealed record HopperOptions : HealthOptions
{
    public HopperOptions() => (FrameSkip, HealthyZRange) = (4, new(0.7, double.PositiveInfinity));

    [TaskOption("forward_reward_weight", "paid per m/s forward")]
    public double ForwardRewardWeight { get; init; } = 1;

    [TaskOption("ctrl_cost_weight", "charged per squared unit of action")]
    public double CtrlCostWeight { get; init; } = 1e-3;

    [TaskOption("healthy_state_range", "what all other positions and all velocities stay in when healthy")]
    public Interval HealthyStateRange { get; init; } = new(-100, 100);

    [TaskOption("healthy_angle_range", "angles of the torso that are healthy, in radians")]
    public Interval HealthyAngleRange { get; init; } = new(-0.2, 0.2);

    [TaskOption("reset_noise_scale", "half width of the start state's noise", AtLeast = 0)]
    public double ResetNoiseScale { get; init; } = 5e-3;

    [TaskOption("exclude_current_positions_from_observation", "whether the distance run is left out of the observation")]
    public bool ExcludeCurrentPositions { get; init; } = true;
}

/// <summary>Hop forward on one leg without falling.</summary>
internal sealed class Hopper : MuJoCoEnvironment
{
    private static readonly Interval ObservedVelocities = new(-10, 10);

    private readonly HopperOptions _options;
    private readonly StateSlices _observed;
    private double _before;

    public Hopper(HopperOptions options)
        : base("hopper.xml", options)
    {
        _options = options;
        RequireDegrees(positions: 3, velocities: 1);
        _observed = new(
            new(Simulation.Positions, Skip: options.ExcludeCurrentPositions ? 1 : 0),
            new(Simulation.Velocities, Limits: ObservedVelocities));
        SetLayout(
            _observed.Size, "x_position", "z_distance_from_origin", "x_velocity", "reward_forward", "reward_ctrl", "reward_survive");
    }

    // Velocities count as they are, not as they are observed.
    private bool IsHealthy => _options.HealthyZRange.ContainsInside(Positions[1]) && _options.HealthyAngleRange.ContainsInside(Positions[2])
        && AllInside(Positions[2..]) && AllInside(Velocities);

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        AddUniform(random, _options.ResetNoiseScale, positions);
        AddUniform(random, _options.ResetNoiseScale, velocities);
    }

    private protected override void Observe(Span<double> observation) => _observed.Write(observation);

    private protected override void BeforeStep() => _before = Positions[0];

    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        var velocity = (Positions[0] - _before) / StepSeconds;
        var (forward, control) = (_options.ForwardRewardWeight * velocity, _options.CtrlCostWeight * squaredControl);
        var (bonus, terminated) = _options.Judge(IsHealthy);
        Report(Positions[0], Positions[1] - StartPositions[1], velocity, forward, -control, bonus);
        return (forward + bonus - control, terminated);
    }

    private bool AllInside(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!_options.HealthyStateRange.ContainsInside(value))
            {
                return false;
            }
        }

        return true;
    }
}
