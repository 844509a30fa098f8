namespace Rapid.Agents;

/// <summary>What actors do beside what the policy says, to see more of the environment.</summary>
public sealed record Exploration
{
    /// <summary>Nothing: the policy's own samples are enough.</summary>
    public static Exploration None { get; } = new();

    /// <summary>Standard deviation of normal noise that is added to each dimension of an action, which is then clipped to its box; in half
    /// widths of the box.</summary>
    public double Deviation { get; init; }
}
