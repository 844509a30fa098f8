using Rapid.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>Measures what a table holds.</summary>
internal static class ObservationMeasure
{
    /// <summary>Statistics of every raw observation that the table holds.</summary>
    /// <param name="table">Of transitions.</param>
    /// <param name="size">Elements of an observation.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<RunningMeanVariance> MeasureObservationsAsync(
        this ITable<ReceivedBatch> table, int size, CancellationToken cancellation)
    {
        var parts = await table.ExportAsync(items => MeasureAsync(items, size), cancellation);
        return parts.Aggregate((all, part) =>
        {
            all.Merge(part.Mean, part.Variance, part.Count);
            return all;
        });
    }

    private static async Task<RunningMeanVariance> MeasureAsync(IAsyncEnumerable<SampledItem> items, int size)
    {
        var statistics = new RunningMeanVariance(size);
        statistics.Import(new double[size], new double[size], 0);
        await foreach (var item in items)
        {
            var (steps, environments) = ((int)item.Trajectory.Steps, (int)item.Trajectory.Environments);
            var observations = item.Trajectory.Floats(TrajectoryColumns.Observations, steps + 1, environments, size);
            statistics.Update(observations[..(steps * environments * size)]);
        }

        return statistics;
    }
}
