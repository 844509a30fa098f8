using Rapid.Core;

namespace Rapid.Environments.MuJoCo;

/// <summary>Of a <see cref="PlanarWalker"/>.</summary>
internal abstract record PlanarWalkerOptions : HealthOptions
{
    [TaskOption("forward_reward_weight", "paid per m/s forward")]
    public double ForwardRewardWeight { get; init; } = 1;

    [TaskOption("ctrl_cost_weight", "charged per squared unit of action")]
    public double CtrlCostWeight { get; init; } = 1e-3;

    [TaskOption("healthy_angle_range", "angles of the torso that are healthy, in radians")]
    public Interval HealthyAngleRange { get; init; }

    [TaskOption("reset_noise_scale", "half width of the start state's noise", AtLeast = 0)]
    public double ResetNoiseScale { get; init; } = 5e-3;

    [TaskOption("exclude_current_positions_from_observation", "whether the distance gone is left out of the observation")]
    public bool ExcludeCurrentPositions { get; init; } = true;
}

/// <summary>A body in a vertical plane that goes forward without falling: its positions are distance, height and angle of the torso, then
/// joints.</summary>
internal abstract class PlanarWalker : MuJoCoEnvironment
{
    private static readonly Interval ObservedVelocities = new(-10, 10);

    private readonly PlanarWalkerOptions _options;
    private readonly StateSlices _observed;
    private double _before;

    private protected PlanarWalker(string model, PlanarWalkerOptions options)
        : base(model, options)
    {
        _options = options;
        RequireDegrees(positions: 3, velocities: 1);
        _observed = new(
            new(Simulation.Positions, Skip: options.ExcludeCurrentPositions ? 1 : 0),
            new(Simulation.Velocities, Limits: ObservedVelocities));
        SetLayout(
            _observed.Size, "x_position", "z_distance_from_origin", "x_velocity", "reward_forward", "reward_ctrl", "reward_survive");
    }

    private protected virtual bool IsHealthy =>
        _options.HealthyZRange.ContainsInside(Positions[1]) && _options.HealthyAngleRange.ContainsInside(Positions[2]);

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
}
