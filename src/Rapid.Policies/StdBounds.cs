namespace Rapid.Policies;

/// <summary>Constants of the ways to make a standard deviation out of a network output.</summary>
public static class StdBounds
{
    /// <summary>Least log standard deviation that tanh stretches to (CleanRL, Spinning Up's successor).</summary>
    public const double LogStdLow = -5;

    /// <summary>Greatest log standard deviation (Haarnoja's first code, CleanRL, Stable-Baselines3).</summary>
    public const double LogStdHigh = 2;

    /// <summary>Least log standard deviation when it is clipped (Haarnoja's first code, Stable-Baselines3).</summary>
    public const double ClippedLow = -20;

    /// <summary>Softplus' argument is clipped to plus and minus this (brandontrabucco/off-policy).</summary>
    public const double SoftplusClip = 6;
}
