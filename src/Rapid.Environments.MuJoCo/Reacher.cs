using Rapid.Core;

namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="Reacher"/>.</summary>
internal sealed record ReacherOptions : MuJoCoOptions
{
    public ReacherOptions() => FrameSkip = 2;

    [TaskOption("reward_dist_weight", "charged per metre between fingertip and target", From = 5)]
    public double RewardDistWeight { get; init; } = 1;

    [TaskOption("reward_control_weight", "charged per squared unit of action", From = 5)]
    public double RewardControlWeight { get; init; } = 1;
}

/// <summary>Bring the tip of a planar two-link arm to a target. Never terminates. Version 4 charges for where a step began.</summary>
internal sealed class Reacher : MuJoCoEnvironment
{
    private const double PositionNoise = 0.1, TargetRadius = 0.2, VelocityNoise = 0.005; // radians, metres, radians/s

    private readonly ReacherOptions _options;
    private readonly int _fingertip, _target;
    private double _before;

    public Reacher(ReacherOptions options)
        : base("reacher.xml", options)
    {
        _options = options;
        RequireDegrees(positions: 4, velocities: 4);
        (_fingertip, _target) = (FindBody("fingertip"), FindBody("target"));
        SetLayout(4 + (Positions.Length - 2) + 2 + (options.Version == 4 ? 3 : 2), "reward_dist", "reward_ctrl");
    }

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        AddUniform(random, PositionNoise, positions);
        double x, y;
        do
        {
            (x, y) = (random.NextUniform(-TargetRadius, TargetRadius), random.NextUniform(-TargetRadius, TargetRadius));
        }
        while (Math.Sqrt(x * x + y * y) >= TargetRadius);

        (positions[^2], positions[^1]) = (x, y);
        AddUniform(random, VelocityNoise, velocities[..^2]);
    }

    private protected override void Observe(Span<double> observation)
    {
        for (var i = 0; i < 2; i++)
        {
            (observation[2 + i], observation[i]) = Math.SinCos(Positions[i]);
        }

        var rest = observation[4..];
        Positions[2..].CopyTo(rest);
        rest = rest[(Positions.Length - 2)..];
        Velocities[..2].CopyTo(rest);
        var fingertip = PositionOf(_fingertip);
        var target = PositionOf(_target);
        for (var i = 2; i < rest.Length; i++)
        {
            rest[i] = fingertip[i - 2] - target[i - 2];
        }
    }

    private protected override void BeforeStep() => _before = Distance(PositionOf(_fingertip), PositionOf(_target));

    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        var distance = _options.Version == 4 ? _before : Distance(PositionOf(_fingertip), PositionOf(_target));
        var (reach, control) = (-_options.RewardDistWeight * distance, -_options.RewardControlWeight * squaredControl);
        Report(reach, control);
        return (reach + control, false);
    }
}
