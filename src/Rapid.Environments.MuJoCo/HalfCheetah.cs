using Rapid.Core;

namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="HalfCheetah"/>.</summary>
internal sealed record HalfCheetahOptions : MuJoCoOptions
{
    public HalfCheetahOptions() => FrameSkip = 5;

    [TaskOption("forward_reward_weight", "paid per m/s forward")]
    public double ForwardRewardWeight { get; init; } = 1;

    [TaskOption("ctrl_cost_weight", "charged per squared unit of action")]
    public double CtrlCostWeight { get; init; } = 0.1;

    [TaskOption("reset_noise_scale", "half width of the start positions' noise and deviation of the velocities'", AtLeast = 0)]
    public double ResetNoiseScale { get; init; } = 0.1;

    [TaskOption("exclude_current_positions_from_observation", "whether the distance run is left out of the observation")]
    public bool ExcludeCurrentPositions { get; init; } = true;
}

/// <summary>Run forward with a planar two-legged body. Never terminates; both versions are the same.</summary>
internal sealed class HalfCheetah : MuJoCoEnvironment
{
    private readonly HalfCheetahOptions _options;
    private readonly StateSlices _observed;
    private double _before;

    public HalfCheetah(HalfCheetahOptions options)
        : base("half_cheetah.xml", options)
    {
        _options = options;
        RequireDegrees(positions: 1, velocities: 1);
        _observed = new(new(Simulation.Positions, Skip: options.ExcludeCurrentPositions ? 1 : 0), new(Simulation.Velocities));
        SetLayout(_observed.Size, "x_position", "x_velocity", options.Version == 4 ? "reward_run" : "reward_forward", "reward_ctrl");
    }

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        AddUniform(random, _options.ResetNoiseScale, positions);
        AddNormal(random, _options.ResetNoiseScale, velocities);
    }

    private protected override void Observe(Span<double> observation) => _observed.Write(observation);

    private protected override void BeforeStep() => _before = Positions[0];

    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        var velocity = (Positions[0] - _before) / StepSeconds;
        var (forward, control) = (_options.ForwardRewardWeight * velocity, _options.CtrlCostWeight * squaredControl);
        Report(Positions[0], velocity, forward, -control);
        return (forward - control, false);
    }
}
