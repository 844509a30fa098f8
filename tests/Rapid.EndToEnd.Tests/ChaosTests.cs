using Rapid.Benchmarks;

namespace Rapid.EndToEnd.Tests;

/// <summary>A few minutes of what <c>rapid chaos</c> does for hours, and what it goes by.</summary>
public sealed class ChaosTests : IDisposable
{
    // Not TestFolder: a path that the loader is given may have no space.
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_training_that_is_broken_in_many_ways_ends_as_if_nothing_had_happened()
    {
        Fault[] schedule =
        [
            Fault(5, FaultKind.Kill, "learner"),
            Fault(10, FaultKind.Cut, "learner>replay", "actor 1>learner", "recorder>replay 1") with { Duration = TimeSpan.FromSeconds(1) },
            Fault(13, FaultKind.TornLog, "redis") with { Amount = 20 },
            Fault(16, FaultKind.DamagedCheckpoint, "learner"),
            Fault(20, FaultKind.ClockJump, "redis") with { Duration = TimeSpan.FromSeconds(1), Amount = -3600 },
            Fault(22, FaultKind.KillTwo, "replay", "actor 0"),
            Fault(25, FaultKind.Stop, "replay 1"),
        ];
        var story = new List<string>();

        var report = await new ChaosDrill(_folder.FullName, schedule, Plan, story.Add).RunAsync();

        Assert.True(report.Problems.Count == 0, string.Join('\n', report.Problems.Concat(report.Lines).Concat(story)));
        Assert.Equal(schedule, report.Outcomes.Select(outcome => outcome.Fault));
    }

    [Fact]
    public void The_same_seed_makes_the_same_schedule_and_another_seed_another()
    {
        var length = TimeSpan.FromMinutes(20);
        string[] Texts(int seed) => [.. Schedule.Draw(seed, length).Select(fault => fault.ToString())];

        Assert.Equal(Texts(1), Texts(1));
        Assert.NotEqual(Texts(1), Texts(2));
    }

    [Fact]
    public void A_longer_schedule_begins_like_a_shorter_one_and_has_every_kind_of_fault_at_places_that_there_are()
    {
        var (shorter, longer) = (Schedule.Draw(3, TimeSpan.FromMinutes(2)), Schedule.Draw(3, TimeSpan.FromMinutes(10)));

        Assert.NotEmpty(shorter);
        Assert.Equal(shorter.Select(fault => fault.ToString()), longer.Take(shorter.Count).Select(fault => fault.ToString()));
        Assert.Equal(Enum.GetValues<FaultKind>(), longer.Select(fault => fault.Kind).Distinct().Order());
        Assert.All(longer.SelectMany(fault => fault.Targets), place => Assert.Contains(place, Places.Processes.Concat(Places.Links)));
        Assert.Equal(longer.Select(fault => fault.At).Order(), longer.Select(fault => fault.At));
    }

    /// <summary>Half a minute of updates, where a machine is quick.</summary>
    private static RunPlan Plan(int number) => new(
        $"sac-{number}",
        $$"""
        name: sac-{{number}}
        environment: { name: Pendulum-v1 }
        algorithm: { name: sac, rollout_steps: 4, batch_size: 16, warm_up_steps: 400, publish_interval: 8, metrics_interval: 100 }
        network: { hidden_sizes: [16, 16] }
        actors: { count: 4 }
        total_steps: 4000
        replay: { store: fsync, capacity_steps: 100_000 }
        checkpoint: { interval_steps: 200 }
        evaluation: { interval_steps: 2000, episodes: 1, final_episodes: 1 }
        """,
        Steps: 4000,
        LeastReturn: -2000);

    private static Fault Fault(double at, FaultKind kind, params string[] targets) =>
        new(TimeSpan.FromSeconds(at), kind, targets, TimeSpan.Zero, 0);
}
