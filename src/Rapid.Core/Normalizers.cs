namespace Rapid.Core;

/// <summary>x' = clip((x - mean) / sqrt(variance + 1e-8)).</summary>
/// <param name="size">Elements per observation.</param>
/// <param name="clip">Bound of the result.</param>
public sealed class ObservationNormalizer(int size, float clip)
{
    private const double Epsilon = 1e-8;

    /// <summary>What normalisation is relative to.</summary>
    public RunningMeanVariance Statistics { get; } = new(size);

    /// <summary>Normalises a batch without learning from it.</summary>
    /// <param name="observations">[n, size].</param>
    /// <param name="normalized">[n, size], may be the same memory.</param>
    public void Normalize(ReadOnlySpan<float> observations, Span<float> normalized)
    {
        var mean = Statistics.Mean;
        var variance = Statistics.Variance;
        for (var i = 0; i < observations.Length; i += size)
        {
            for (var j = 0; j < size; j++)
            {
                var value = (observations[i + j] - mean[j]) / Math.Sqrt(variance[j] + Epsilon);
                normalized[i + j] = Math.Clamp((float)value, -clip, clip);
            }
        }
    }
}

/// <summary>r' = clip(r / sqrt(Var[G] + 1e-8)), where G is the running discounted return; the mean is not subtracted.</summary>
/// <param name="clip">Bound of the result.</param>
public sealed class RewardNormalizer(float clip)
{
    private const double Epsilon = 1e-8;

    /// <summary>Statistics of G.</summary>
    public RunningMeanVariance Statistics { get; } = new(1);

    /// <summary>Learns from the discounted returns of one vector step.</summary>
    /// <param name="discountedReturns">[N], G = gamma * G + r of each environment, before an ended one starts again at 0.</param>
    public void Update(ReadOnlySpan<float> discountedReturns) => Statistics.Update(discountedReturns);

    /// <summary>Normalises rewards in place.</summary>
    public void Normalize(Span<float> rewards)
    {
        var scale = 1 / Math.Sqrt(Statistics.Variance[0] + Epsilon);
        foreach (ref var reward in rewards)
        {
            reward = Math.Clamp((float)(reward * scale), -clip, clip);
        }
    }
}
