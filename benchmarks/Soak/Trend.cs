namespace Rapid.Benchmarks;

/// <summary>Least squares through what was measured once a second.</summary>
/// <param name="Slope">Per second.</param>
/// <param name="Error">Standard error of the slope.</param>
/// <param name="Mean">Of the values.</param>
/// <param name="Seconds">How long it was measured.</param>
internal sealed record Trend(double Slope, double Error, double Mean, double Seconds)
{
    // A collector's saw-tooth makes neighbouring values alike; means over a few teeth are nearly independent.
    private const int GroupSeconds = 15;

    // Below this growth over the whole time a slope may be significant and yet nothing: pages touched for the first time.
    private const double LeastGrowth = 0.02;

    /// <summary>
    /// Flat: the slope is no more than two standard errors above 0, or what it adds over the measured time is below 2 % of the mean.
    /// </summary>
    public bool IsFlat => Slope <= 2 * Error || Slope * Seconds <= LeastGrowth * Mean;

    public static Trend Of(IReadOnlyList<double> values)
    {
        double[] means = [.. values.Chunk(GroupSeconds).Where(group => group.Length == GroupSeconds).Select(group => group.Average())];
        var (count, mean) = (means.Length, means.Average());
        var center = (count - 1) / 2.0;
        var spread = Enumerable.Range(0, count).Sum(i => (i - center) * (i - center));
        var slope = means.Select((value, i) => (i - center) * (value - mean)).Sum() / spread;
        var residuals = means.Select((value, i) => value - mean - slope * (i - center)).Sum(residual => residual * residual);
        return new Trend(
            slope / GroupSeconds, Math.Sqrt(residuals / (count - 2) / spread) / GroupSeconds, mean, (double)count * GroupSeconds);
    }
}
