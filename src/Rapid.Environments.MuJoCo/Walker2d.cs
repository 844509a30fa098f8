namespace Rapid.Environments.MuJoCo;

/// <summary>Of <see cref="Walker2d"/>.</summary>
internal sealed record Walker2dOptions : PlanarWalkerOptions
{
    public Walker2dOptions() => (FrameSkip, HealthyZRange, HealthyAngleRange) = (4, new(0.8, 2), new(-1, 1));
}

/// <summary>Walk forward on two planar legs without falling. In version 5 both feet have the same grip.</summary>
internal sealed class Walker2d(Walker2dOptions options)
    : PlanarWalker(options.Version == 4 ? "walker2d.xml" : "walker2d_v5.xml", options);
