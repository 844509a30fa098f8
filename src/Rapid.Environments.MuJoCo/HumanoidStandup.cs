namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="HumanoidStandup"/>.</summary>
internal sealed record HumanoidStandupOptions : MuJoCoOptions
{
    public HumanoidStandupOptions() => FrameSkip = 5;

    // Gymnasium takes this weight and leaves it out of the reward.
    [TaskOption("uph_cost_weight", "paid per metre of height of the torso, times physics steps a second", From = 5)]
    public double UphCostWeight { get; init; } = 1;

    [TaskOption("ctrl_cost_weight", "charged per squared unit of action", From = 5)]
    public double CtrlCostWeight { get; init; } = 0.1;

    [TaskOption("impact_cost_weight", "charged per squared unit of contact force", From = 5)]
    public double ImpactCostWeight { get; init; } = 0.5e-6;

    [TaskOption("impact_cost_range", "what that charge is clipped to", From = 5)]
    public Interval ImpactCostRange { get; init; } = new(double.NegativeInfinity, 10);

    [TaskOption("reset_noise_scale", "half width of the start state's noise", AtLeast = 0, From = 5)]
    public double ResetNoiseScale { get; init; } = 1e-2;

    [TaskOption("exclude_current_positions_from_observation", "whether the place in the plane is left out of the observation", From = 5)]
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

/// <summary>Get a humanoid up from its back. Never terminates; both versions pay the same.</summary>
internal sealed class HumanoidStandup(HumanoidStandupOptions options)
    : HumanoidBody(
        "humanoidstandup.xml", options, options.ResetNoiseScale, options.ExcludeCurrentPositions,
        new(options.IncludeCinert, options.IncludeCvel, options.IncludeQfrcActuator, options.IncludeCfrcExt),
        ["x_position", "y_position", "z_distance_from_origin", "reward_linup", "reward_quadctrl", "reward_impact"])
{
    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        // The height itself, not its change, over the time of one physics step, not of the environment's.
        var up = options.UphCostWeight * Positions[2] / PhysicsSeconds;
        var control = options.CtrlCostWeight * squaredControl;
        var range = options.ImpactCostRange;
        var impact = Math.Clamp(options.ImpactCostWeight * SquaredContactForces, range.Low, range.High);
        ReportWithTendons(Positions[0], Positions[1], Positions[2] - StartPositions[2], up, -control, -impact);
        return (up - control - impact + 1, false);
    }
}
