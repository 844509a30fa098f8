using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="Humanoid"/>.</summary>
internal sealed record HumanoidOptions : HealthOptions
{
    public HumanoidOptions() => (FrameSkip, HealthyReward, HealthyZRange) = (5, 5, new(1, 2));

    [TaskOption("forward_reward_weight", "paid per m/s forward")]
    public double ForwardRewardWeight { get; init; } = 1.25;

    [TaskOption("ctrl_cost_weight", "charged per squared unit of action")]
    public double CtrlCostWeight { get; init; } = 0.1;

    [TaskOption("contact_cost_weight", "charged per squared unit of contact force", From = 5)]
    public double ContactCostWeight { get; init; } = 5e-7;

    [TaskOption("contact_cost_range", "what that charge is clipped to", From = 5)]
    public Interval ContactCostRange { get; init; } = new(double.NegativeInfinity, 10);

    [TaskOption("reset_noise_scale", "half width of the start state's noise", AtLeast = 0)]
    public double ResetNoiseScale { get; init; } = 1e-2;

    [TaskOption("exclude_current_positions_from_observation", "whether the place in the plane is left out of the observation")]
    public bool ExcludeCurrentPositions { get; init; } = true;

    [TaskOption("include_cinert_in_observation", "whether the bodies' inertias are observed", From = 5)]
    public bool IncludeCinert { get; init; } = true;

    [TaskOption("include_cvel_in_observation", "whether the bodies' velocities are observed", From = 5)]
    public bool IncludeCvel { get; init; } = true;

    [TaskOption("include_qfrc_actuator_in_observation", "whether the actuators' forces are observed", From = 5)]
    public bool IncludeQfrcActuator { get; init; } = true;

    [TaskOption("include_cfrc_ext_in_observation", "whether contact forces are observed", From = 5)]
    public bool IncludeCfrcExt { get; init; } = true;
}

/// <summary>Walk forward on two legs in space without falling. Version 5 charges for contact forces.</summary>
internal sealed class Humanoid : HumanoidBody
{
    private readonly HumanoidOptions _options;
    private readonly MuJoCoArray _centres;
    private readonly double[] _masses;
    private readonly double _totalMass;
    private (double X, double Y) _before;

    public Humanoid(HumanoidOptions options)
        : base(
            "humanoid.xml", options, options.ResetNoiseScale, options.ExcludeCurrentPositions,
            new(options.IncludeCinert, options.IncludeCvel, options.IncludeQfrcActuator, options.IncludeCfrcExt),
            ["x_position", "y_position", "distance_from_origin", "x_velocity", "y_velocity", .. RewardNames(options.Version)])
    {
        _options = options;
        _centres = Simulation.State("xipos");
        _masses = Model.Array("body_mass");
        _totalMass = _masses.Sum();
    }

    private protected override void BeforeStep() => _before = MassCentre();

    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        var centre = MassCentre();
        var (velocityX, velocityY) = ((centre.X - _before.X) / StepSeconds, (centre.Y - _before.Y) / StepSeconds);
        var (forward, control) = (_options.ForwardRewardWeight * velocityX, _options.CtrlCostWeight * squaredControl);
        var range = _options.ContactCostRange;
        var contact = _options.Version == 4 ? 0
            : Math.Clamp(_options.ContactCostWeight * SquaredContactForces, range.Low, range.High);
        var (bonus, terminated) = _options.Judge(_options.HealthyZRange.ContainsInside(Positions[2]));
        var (x, y) = _options.Version == 4 ? centre : (Positions[0], Positions[1]);
        ReportWithTendons(x, y, Math.Sqrt(x * x + y * y), velocityX, velocityY, forward, -control, -contact, bonus);
        return (forward + bonus - (control + contact), terminated);
    }

    private static string[] RewardNames(int version) => version == 4
        ? ["reward_linvel", "reward_quadctrl", "reward_contact", "reward_alive"]
        : ["reward_forward", "reward_ctrl", "reward_contact", "reward_survive"];

    private (double X, double Y) MassCentre()
    {
        var centres = _centres.Span;
        var (x, y) = (0.0, 0.0);
        for (var body = 0; body < _masses.Length; body++)
        {
            x += _masses[body] * centres[3 * body];
            y += _masses[body] * centres[3 * body + 1];
        }

        return (x / _totalMass, y / _totalMass);
    }
}
