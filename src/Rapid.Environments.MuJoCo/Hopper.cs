namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="Hopper"/>.</summary>
internal sealed record HopperOptions : PlanarWalkerOptions
{
    public HopperOptions() =>
        (FrameSkip, HealthyZRange, HealthyAngleRange) = (4, new(0.7, double.PositiveInfinity), new(-0.2, 0.2));

    [TaskOption("healthy_state_range", "what all other positions and all velocities stay in when healthy")]
    public Interval HealthyStateRange { get; init; } = new(-100, 100);
}

/// <summary>Hop forward on one leg without falling.</summary>
internal sealed class Hopper(HopperOptions options) : PlanarWalker("hopper.xml", options)
{
    // Velocities count as they are, not as they are observed.
    private protected override bool IsHealthy => base.IsHealthy && AllInside(Positions[2..]) && AllInside(Velocities);

    private bool AllInside(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!options.HealthyStateRange.ContainsInside(value))
            {
                return false;
            }
        }

        return true;
    }
}
