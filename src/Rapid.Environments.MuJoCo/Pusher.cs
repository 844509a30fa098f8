using Rapid.Core;

namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="Pusher"/>.</summary>
internal sealed record PusherOptions : MuJoCoOptions
{
    public PusherOptions() => FrameSkip = 5;

    [TaskOption("reward_near_weight", "charged per metre between hand and object", From = 5)]
    public double RewardNearWeight { get; init; } = 0.5;

    [TaskOption("reward_dist_weight", "charged per metre between object and goal", From = 5)]
    public double RewardDistWeight { get; init; } = 1;

    [TaskOption("reward_control_weight", "charged per squared unit of action", From = 5)]
    public double RewardControlWeight { get; init; } = 0.1;
}

/// <summary>
/// Push an object to a goal with a seven-joint arm. Never terminates. Version 4 charges for the distances before the step; in version 5 the
/// object is a thousand times as dense.
/// </summary>
internal sealed class Pusher : MuJoCoEnvironment
{
    private const int ArmJoints = 7, Bodies = 3;
    private const double Reach = 0.3, HalfWidth = 0.2, LeastDistance = 0.17, VelocityNoise = 0.005; // metres, radians/s

    private readonly PusherOptions _options;
    private readonly int _tip, _object, _goal;
    private (double Near, double Goal) _before;

    public Pusher(PusherOptions options)
        : base(options.Version == 4 ? "pusher.xml" : "pusher_v5.xml", options)
    {
        _options = options;
        RequireDegrees(positions: ArmJoints + 4, velocities: ArmJoints + 4);
        (_tip, _object, _goal) = (FindBody("tips_arm"), FindBody("object"), FindBody("goal"));
        SetLayout(2 * ArmJoints + 3 * Bodies, "reward_dist", "reward_ctrl", "reward_near");
    }

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        double y, x;
        do
        {
            (y, x) = (random.NextUniform(-Reach, 0), random.NextUniform(-HalfWidth, HalfWidth));
        }
        while (Math.Sqrt(y * y + x * x) <= LeastDistance);

        (positions[^4], positions[^3], positions[^2], positions[^1]) = (y, x, 0, 0);
        AddUniform(random, VelocityNoise, velocities[..^4]);
    }

    private protected override void Observe(Span<double> observation)
    {
        Positions[..ArmJoints].CopyTo(observation);
        Velocities[..ArmJoints].CopyTo(observation[ArmJoints..]);
        var places = observation[(2 * ArmJoints)..];
        PositionOf(_tip).CopyTo(places);
        PositionOf(_object).CopyTo(places[3..]);
        PositionOf(_goal).CopyTo(places[6..]);
    }

    private protected override void BeforeStep() => _before = Distances();

    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        var (near, goal) = _options.Version == 4 ? _before : Distances();
        var (reachTerm, goalTerm) = (-_options.RewardNearWeight * near, -_options.RewardDistWeight * goal);
        var control = -_options.RewardControlWeight * squaredControl;

        // Version 4 tells its parts without their weights.
        Report(goalTerm, _options.Version == 4 ? -squaredControl : control, _options.Version == 4 ? -near : reachTerm);
        return (goalTerm + control + reachTerm, false);
    }

    private (double Near, double Goal) Distances()
    {
        var place = PositionOf(_object);
        return (Distance(place, PositionOf(_tip)), Distance(place, PositionOf(_goal)));
    }
}
