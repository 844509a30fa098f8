using System.Globalization;

namespace Rapid.Benchmarks;

/// <summary>What is measured; each scene has services of its own.</summary>
internal static class Scenes
{
    private const double KiB = 1 << 10, MiB = 1 << 20;

    // 256 blocks, which new ones push out soon.
    private const ulong CapacitySteps = 256 * (ulong)SimulatedActor.BlockSteps;

    // What a connection holds, and not what lies about between two collections, which are minutes apart in a service that has little to do.
    private static readonly Dictionary<string, string> OftenCollected = new() { ["DOTNET_GCgen0size"] = "0x400000" };

    /// <summary>
    /// Actors that work, more and more of them, and then more shards. "Core" is the time of a core that the replay services take for a GiB
    /// of blocks, and the learner for a snapshot at one subscriber: these, more than rates, say what other machines can do.
    /// </summary>
    public static async Task LadderAsync(int connections, TimeSpan time)
    {
        Console.WriteLine(
            "actors shards   offered     taken  append p50     p99  publish p50     p99  replay core  learner core  "
                + "memory an actor: learner, replay");
        int[] steps = [1, 10, 100, 1000];
        foreach (var actors in steps.Where(actors => actors < connections).Append(connections))
        {
            await RungAsync(actors, shards: 1, time);
        }

        foreach (var shards in new[] { 2, 4 }.Where(shards => shards <= connections))
        {
            await RungAsync(connections, shards, time);
        }
    }

    /// <summary>Actors that work for long.</summary>
    /// <returns>Whether the memory of the services is flat, and how to say it.</returns>
    public static async Task<(bool IsFlat, string Story)> SteadyAsync(int actors, TimeSpan time)
    {
        await using var services = await ScaledServices.StartAsync(shards: 1, CapacitySteps, OftenCollected);
        await using var crew = await Crew.ConnectAsync(services, actors);
        List<double> learner = [], replay = [];
        var warmUp = time / 4;
        var figures = await crew.WorkAsync(warmUp, time - warmUp, () =>
        {
            learner.Add(services.LearnerBytes / MiB);
            replay.Add(services.ReplayBytes / MiB);
        });
        var (isLearnerFlat, learnerTrend) = Describe(learner);
        var (isReplayFlat, replayTrend) = Describe(replay);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"steady: {actors} streams to one replay service for {time.TotalSeconds:F0} s, no error: "
                + $"{figures.BytesPerSecond / MiB:F0} MiB/s, "
                + $"append {Times(figures.Appends)}, publish {Times(figures.Publications)}"));
        Console.WriteLine($"steady: memory of the replay service {replayTrend}; of the learner {learnerTrend}");
        return (
            isLearnerFlat && isReplayFlat, $"{actors} streams for {time.TotalSeconds:F0} s: memory of the replay service {replayTrend}");
    }

    /// <summary>Subscribers that append nothing.</summary>
    /// <returns>How to say it.</returns>
    public static async Task<string> IdleAsync(int subscribers, TimeSpan time)
    {
        await using var services = await ScaledServices.StartAsync(shards: 1, CapacitySteps, OftenCollected);
        var before = services.LearnerBytes;
        await using var crew = await Crew.ConnectAsync(services, subscribers, areIdle: true);
        var figures = await crew.WorkAsync(TimeSpan.FromSeconds(1), time);
        var held = (services.LearnerBytes - before) / KiB / subscribers;
        var story = string.Create(
            CultureInfo.InvariantCulture,
            $"{subscribers} idle subscribers: {held:F0} KiB each in the learner, publish {Times(figures.Publications)}, "
                + $"{figures.LearnerMicrosecondsPerSnapshot:F0} us of a core each");
        Console.WriteLine($"idle: {story}");
        return story;
    }

    private static async Task RungAsync(int actors, int shards, TimeSpan time)
    {
        await using var services = await ScaledServices.StartAsync(shards, CapacitySteps, OftenCollected);
        var (learner, replay) = (services.LearnerBytes, services.ReplayBytes);
        await using var crew = await Crew.ConnectAsync(services, actors);
        var figures = await crew.WorkAsync(time / 4, time);
        var (appends, publications) = (figures.Appends, figures.Publications);
        var (offered, taken) = (actors * SimulatedActor.BytesPerSecond / MiB, figures.BytesPerSecond / MiB);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{actors,6} {shards,6} {offered,5:F0} MiB/s {taken,3:F0} MiB/s "
                + $"{CrewFigures.Percentile(appends, 0.5),8:F1} ms {CrewFigures.Percentile(appends, 0.99),4:F0} ms "
                + $"{CrewFigures.Percentile(publications, 0.5),9:F1} ms {CrewFigures.Percentile(publications, 0.99),4:F0} ms "
                + $"{figures.ReplaySecondsPerGiB,5:F1} s/GiB {figures.LearnerMicrosecondsPerSnapshot,10:F0} us "
                + $"{(services.LearnerBytes - learner) / KiB / actors,20:F0} KiB {(services.ReplayBytes - replay) / KiB / actors:F0} KiB"));
    }

    /// <summary>The first quarter is warm-up; what is too short for a slope has none.</summary>
    private static (bool IsFlat, string Text) Describe(List<double> mebibytes)
    {
        var counted = mebibytes[(mebibytes.Count / 4)..];
        if (counted.Count < 3 * 15)
        {
            return (true, string.Create(CultureInfo.InvariantCulture, $"{counted.Average():F0} MiB, too short for a slope"));
        }

        var trend = Trend.Of(counted);
        return (trend.IsFlat, string.Create(
            CultureInfo.InvariantCulture,
            $"{trend.Mean:F0} MiB, {trend.Slope * 3600:F0} +- {trend.Error * 3600:F0} MiB/hour, {(trend.IsFlat ? "flat" : "GROWS")}"));
    }

    private static string Times(double[] times) => string.Create(
        CultureInfo.InvariantCulture,
        $"p50 {CrewFigures.Percentile(times, 0.5):F1} ms, p99 {CrewFigures.Percentile(times, 0.99):F1} ms");
}
