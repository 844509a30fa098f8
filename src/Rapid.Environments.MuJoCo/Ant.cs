using System.Globalization;
using Rapid.Core;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="Ant"/>.</summary>
internal sealed record AntOptions : HealthOptions
{
    public AntOptions() => (FrameSkip, HealthyZRange) = (5, new(0.2, 1));

    [TaskOption("forward_reward_weight", "paid per m/s forward", From = 5)]
    public double ForwardRewardWeight { get; init; } = 1;

    [TaskOption("ctrl_cost_weight", "charged per squared unit of action")]
    public double CtrlCostWeight { get; init; } = 0.5;

    [TaskOption("use_contact_forces", "whether contact forces are observed and charged for", Until = 4)]
    public bool UseContactForces { get; init; }

    [TaskOption("contact_cost_weight", "charged per squared unit of clipped contact force")]
    public double ContactCostWeight { get; init; } = 5e-4;

    [TaskOption("contact_force_range", "what contact forces are clipped to")]
    public Interval ContactForceRange { get; init; } = new(-1, 1);

    [TaskOption("main_body", "a body: name, else number, of the one whose speed is paid for (1, the torso)", From = 5)]
    public string MainBody { get; init; } = "1";

    [TaskOption("reset_noise_scale", "half width of the start positions' noise and deviation of the velocities'", AtLeast = 0)]
    public double ResetNoiseScale { get; init; } = 0.1;

    [TaskOption("exclude_current_positions_from_observation", "whether the place in the plane is left out of the observation")]
    public bool ExcludeCurrentPositions { get; init; } = true;

    [TaskOption("include_cfrc_ext_in_observation", "whether contact forces are observed", From = 5)]
    public bool IncludeCfrcExt { get; init; } = true;

    /// <summary>Version 5 always does.</summary>
    public bool ChargesContacts => Version >= 5 || UseContactForces;
}

/// <summary>Run forward on four legs without turning over. Version 5 observes contact forces, and charges for them always.</summary>
internal sealed class Ant : MuJoCoEnvironment
{
    private readonly AntOptions _options;
    private readonly StateSlices _observed;
    private readonly MuJoCoArray _contactForces;
    private readonly int _mainBody;
    private double _beforeX, _beforeY;

    public Ant(AntOptions options)
        : base("ant.xml", options, contactForces: options.ChargesContacts)
    {
        _options = options;
        RequireDegrees(positions: 3, velocities: 1);
        _contactForces = Simulation.State("cfrc_ext");
        _mainBody = options.Version == 4 ? FindBody("torso") : FindMainBody(options.MainBody);
        StateSlice positions = new(Simulation.Positions, Skip: options.ExcludeCurrentPositions ? 2 : 0);
        StateSlice velocities = new(Simulation.Velocities);

        // Version 4 shows the world's row of zeros too.
        StateSlice forces = new(_contactForces, Skip: options.Version == 4 ? 0 : 6, options.ContactForceRange);
        var showsForces = options.Version == 4 ? options.UseContactForces : options.IncludeCfrcExt;
        _observed = showsForces ? new(positions, velocities, forces) : new(positions, velocities);
        SetLayout(
            _observed.Size, "x_position", "y_position", "distance_from_origin", "x_velocity", "y_velocity", "reward_forward", "reward_ctrl",
            "reward_contact", "reward_survive");
    }

    // Here the ends of the range are healthy, unlike those of the planar bodies.
    private bool IsHealthy => _options.HealthyZRange.Contains(Positions[2]) && AllFinite(Positions) && AllFinite(Velocities);

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        AddUniform(random, _options.ResetNoiseScale, positions);
        AddNormal(random, _options.ResetNoiseScale, velocities);
    }

    private protected override void Observe(Span<double> observation) => _observed.Write(observation);

    private protected override void BeforeStep() => (_beforeX, _beforeY) = (PositionOf(_mainBody)[0], PositionOf(_mainBody)[1]);

    private protected override (double Reward, bool Terminated) Score(double squaredControl)
    {
        var body = PositionOf(_mainBody);
        var (velocityX, velocityY) = ((body[0] - _beforeX) / StepSeconds, (body[1] - _beforeY) / StepSeconds);
        var (forward, control) = (_options.ForwardRewardWeight * velocityX, _options.CtrlCostWeight * squaredControl);
        var contact = _options.ChargesContacts ? _options.ContactCostWeight * SquaredForces() : 0;
        var (bonus, terminated) = _options.Judge(IsHealthy);
        var (x, y) = _options.Version == 4 ? (body[0], body[1]) : (Positions[0], Positions[1]);
        Report(x, y, Math.Sqrt(x * x + y * y), velocityX, velocityY, forward, -control, -contact, bonus);
        return (forward + bonus - (control + contact), terminated);
    }

    private double SquaredForces()
    {
        var sum = 0.0;
        foreach (var force in _contactForces.Span)
        {
            var clipped = Math.Clamp(force, _options.ContactForceRange.Low, _options.ContactForceRange.High);
            sum += clipped * clipped;
        }

        return sum;
    }

    private int FindMainBody(string text)
    {
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var number))
        {
            return FindBody(text);
        }

        var bodies = _contactForces.Count / 6;
        return number >= 0 && number < bodies ? number
            : throw new ArgumentException($"the model '{Model.Source}' has no body {text}; allowed: 0 to {bodies - 1}");
    }

    private static bool AllFinite(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }
}
