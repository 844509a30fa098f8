namespace Rapid.Replay.Sampling;

/// <summary>Names of the columns that sampling adds to those of the blocks.</summary>
internal static class BatchColumns
{
    /// <summary>[B, ...]: what followed a transition's last step.</summary>
    public const string NextObservations = "next_observations";

    /// <summary>float32 [B]: gamma^k of n-step transitions.</summary>
    public const string Discounts = "discounts";

    /// <summary>float32 [B]: importance weights.</summary>
    public const string Weights = "weights";

    /// <summary>What no block's column may be called.</summary>
    public static readonly string[] All = [NextObservations, Discounts, Weights];
}
