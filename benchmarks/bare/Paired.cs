namespace Rapid.Benchmarks;

/// <summary>Figures of two sides that took turns: what disturbs the machine disturbs the two of a round alike.</summary>
internal static class Paired
{
    public static double Median(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        return ordered[ordered.Length / 2];
    }

    /// <summary>The median of the rounds' ratios.</summary>
    public static double MedianRatio(IEnumerable<double> mine, IEnumerable<double> peers) =>
        Median(mine.Zip(peers, (own, peer) => own / peer));
}
