using System.Diagnostics.Metrics;

namespace Rapid.Hosting;

/// <summary>What the meters of all services share.</summary>
public static class MeterExtensions
{
    // What is measured lies between a block that is stored in memory and one that waits for a learner.
    private static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries =
            [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    /// <summary>A histogram of seconds.</summary>
    /// <param name="meter">Whose it is.</param>
    /// <param name="name">Of the instrument.</param>
    /// <param name="description">What the time is of.</param>
    public static Histogram<double> CreateDurations(this Meter meter, string name, string description)
    {
        ArgumentNullException.ThrowIfNull(meter);
        return meter.CreateHistogram(name, "s", description, tags: null, Durations);
    }
}
