using System.Globalization;
using Rapid.Environments.Registry;

namespace Rapid.Benchmarks;

/// <summary>
/// Environment steps a second of every MuJoCo task of version 4, as an actor steps it: on one thread against a bare mj_step loop in C on
/// the same model, and a larger vector on two threads against the same on one.
/// </summary>
internal sealed class ActorSteppingBenchmark(IReadOnlyList<string> tasks, int rounds, TextWriter output)
{
    /// <summary>What one thread must reach of the bare loop, and two threads of one.</summary>
    private const double OneThreadTarget = 0.92, TwoThreadsTarget = 1.85;

    private const int Small = 8, Large = 64;

    public const int DefaultRounds = 7;

    // Short turns, so that what disturbs one disturbs those that it is compared with.
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(0.7);

    /// <summary>Names of the tasks that can be measured.</summary>
    public static IReadOnlyList<string> AllTasks { get; } =
    [
        .. EnvironmentRegistry.All.Where(info => info.IsMuJoCo).Select(info => info.Name)
            .Where(name => name.EndsWith("-v4", StringComparison.Ordinal)),
    ];

    /// <summary>Measures and prints a line a task, then the worst ratios.</summary>
    /// <returns>Whether every ratio reached its target.</returns>
    /// <exception cref="InvalidOperationException">gcc or MuJoCo's headers are missing, the bare loop failed, or a simulation
    /// broke.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        using var bare = new BareLoop();
        await bare.BuildAsync(cancellation);
        await output.WriteLineAsync(Text(
            $"env steps/s of {Small} environments, of {Large} on one and two threads, medians of {rounds} rounds, ratios within one"));
        await output.WriteLineAsync(
            $"{"task",-28}{"bare loop",12}{Text($"{Small}"),12}{"of bare",10}{Text($"{Large}"),12}{"2 threads",12}{"of 1",8}");
        List<(string Name, double OfBare, double OfOne)> ratios = [];
        foreach (var task in tasks)
        {
            ratios.Add(await MeasureAsync(task, bare, cancellation));
        }

        var (slowest, leastScaling) = (ratios.MinBy(ratio => ratio.OfBare), ratios.MinBy(ratio => ratio.OfOne));
        await output.WriteLineAsync(Text(
            $"least: {slowest.OfBare:P1} of the bare mj_step loop ({slowest.Name}; target {OneThreadTarget:P0}), ")
            + Text($"2 threads {leastScaling.OfOne:F2}x of 1 ({leastScaling.Name}; target {TwoThreadsTarget:F2}x)"));
        return slowest.OfBare >= OneThreadTarget && leastScaling.OfOne >= TwoThreadsTarget;
    }

    private async Task<(string Name, double OfBare, double OfOne)> MeasureAsync(string name, BareLoop loop, CancellationToken cancellation)
    {
        var (bare, small) = (new double[rounds], new double[rounds]);
        var (one, two) = (new double[rounds], new double[rounds]);
        using (SteppedTask few = new(name, Small, threads: 1), single = new(name, Large, threads: 1), pair = new(name, Large, threads: 2))
        {
            // Not counted: until the code is compiled at its last tier.
            await Task.Run(() => (few.Measure(Turn, cancellation), pair.Measure(Turn, cancellation)), cancellation);
            for (var round = 0; round < rounds; round++)
            {
                bare[round] = await loop.MeasureAsync(name, Turn, cancellation);
                small[round] = await Task.Run(() => few.Measure(Turn, cancellation), cancellation);
                one[round] = await Task.Run(() => single.Measure(Turn, cancellation), cancellation);
                two[round] = await Task.Run(() => pair.Measure(Turn, cancellation), cancellation);
            }
        }

        var (ofBare, ofOne) = (Median(small.Zip(bare, Ratio)), Median(two.Zip(one, Ratio)));
        await output.WriteLineAsync(Text(
            $"{name,-28}{Median(bare),12:N0}{Median(small),12:N0}{ofBare,10:P1}{Median(one),12:N0}{Median(two),12:N0}{ofOne,7:F2}x"));
        return (name, ofBare, ofOne);

        static double Ratio(double numerator, double denominator) => numerator / denominator;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
