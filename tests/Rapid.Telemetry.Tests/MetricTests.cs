using System.Globalization;
using System.Text.RegularExpressions;

namespace Rapid.Telemetry.Tests;

/// <summary>What the meters of all services have to say while they train.</summary>
public class MetricTests
{
    private const string Document = "docs/metrics.md";

    private const string Introduction = """
        # Metrics

        Every service exports these beside those of ASP.NET Core, .NET and the process, over OTLP (`OTEL_EXPORTER_OTLP_ENDPOINT`) or to
        Prometheus (`RAPID_METRICS_LISTEN`). Counters begin at 0 with each process, or with each life of an experiment in it. What has the tag
        `experiment` goes with it: a process exports nothing of an experiment that has ended in it.

        A test writes this page from the instruments themselves: `RAPID_WRITE_METRICS=true ./rapid test MetricTests`.


        """;

    [Fact]
    public async Task A_run_is_measured_from_its_first_step_to_its_score_and_nothing_of_it_stays_when_it_has_ended()
    {
        await using var system = await RunningSystem.StartAsync();
        Assert.Equal(0, Read(await system.ScrapeAsync(), "rapid_learner_starvation_ratio"));
        var run = system.Submit("{ name: ppo, rollout_steps: 32 }");

        // It has nothing to learn from when it begins.
        var starving = await system.ScrapeUntilAsync(text => Read(text, "rapid_learner_starvation_ratio") > 0);
        Assert.InRange(Read(starving, "rapid_learner_starvation_ratio"), 0, 1);
        var scrape = await system.ScrapeUntilAsync(text =>
            text.Contains("rapid_evaluator_return{", StringComparison.Ordinal) && Read(text, "rapid_evaluator_episodes_total") > 0
            && text.Contains("rapid_learner_checkpoint_size_bytes{", StringComparison.Ordinal));

        Assert.All(
            [
                "rapid_actor_steps_total", "rapid_actor_episodes_total", "rapid_actor_collecting_seconds_total",
                "rapid_actor_inference_seconds_total", "rapid_actor_append_time_seconds_count", "rapid_actor_slots",
                "rapid_learner_steps_total", "rapid_learner_updates_total", "rapid_learner_policy_lag_count",
                "rapid_learner_gradient_norm", "rapid_learner_checkpoint_size_bytes", "rapid_learner_subscribers",
                "rapid_replay_append_time_seconds_count", "rapid_replay_samples_per_insert_ratio",
                "rapid_replay_memory_limit_bytes",
                "rapid_evaluator_return", "rapid_evaluator_waiting_seconds_total", "rapid_tls_certificate_remaining_seconds",
            ],
            name => Assert.True(Read(scrape, name) > 0, $"{name}\n{scrape}"));
        Assert.All(["wait", "learn", "publish", "checkpoint"], stage =>
            Assert.True(Read(scrape, "rapid_learner_update_time_seconds_count", $"stage=\"{stage}\"") > 0, stage));
        Assert.All(["actor", "evaluator"], role => Assert.Equal(1, Read(scrape, "rapid_learner_workers", $"role=\"{role}\"")));
        Assert.Equal(1, Read(scrape, "rapid_learner_experiments", "state=\"running\""));
        Assert.Contains($"experiment=\"{run.Directory.Id}\"", scrape, StringComparison.Ordinal);

        await RunningSystem.CancelAsync(run);
        var after = await system.ScrapeUntilAsync(text => !text.Contains(run.Directory.Id, StringComparison.Ordinal));
        Assert.Equal(0, Read(after, "rapid_learner_starvation_ratio"));
        Assert.Equal(1, Read(after, "rapid_learner_experiments", "state=\"cancelled\""));
    }

    [Fact]
    public async Task Of_two_runs_at_once_the_one_that_ends_takes_its_figures_along_and_the_other_is_measured_on()
    {
        await using var system = await RunningSystem.StartAsync(actors: 2);
        var runs = new[] { system.Submit("{ name: ppo, rollout_steps: 32 }"), system.Submit("{ name: ppo, rollout_steps: 16 }") };
        string[] tags = [.. runs.Select(run => $"experiment=\"{run.Directory.Id}\"")];

        // Each has an actor, and both have the evaluator.
        await system.ScrapeUntilAsync(text => Array.TrueForAll(tags, tag =>
            Read(text, "rapid_learner_updates_total", tag) > 0 && Read(text, "rapid_evaluator_episodes_total", tag) > 0));
        await RunningSystem.CancelAsync(runs[0]);
        var after = await system.ScrapeUntilAsync(text => !text.Contains(tags[0], StringComparison.Ordinal));
        string[] names = ["rapid_learner_updates_total", "rapid_evaluator_episodes_total", "rapid_actor_steps_total"];
        await system.ScrapeUntilAsync(text => Array.TrueForAll(names, name => Read(text, name, tags[1]) > Read(after, name, tags[1])));
        await RunningSystem.CancelAsync(runs[1]);
    }

    [Fact]
    public async Task A_run_that_learns_off_policy_is_measured_too()
    {
        await using var system = await RunningSystem.StartAsync();
        var run = system.Submit("{ name: sac, rollout_steps: 8, batch_size: 16, warm_up_steps: 400, metrics_interval: 100 }");

        var scrape = await system.ScrapeUntilAsync(text => Read(text, "rapid_learner_updates_total") > 0);

        Assert.True(Read(scrape, "rapid_learner_steps_total") >= 400, scrape);
        Assert.All(["wait", "learn", "publish"], stage =>
            Assert.True(Read(scrape, "rapid_learner_update_time_seconds_count", $"stage=\"{stage}\"") > 0, stage));
        Assert.True(Read(scrape, "rapid_replay_samples_per_insert_ratio") > 0, scrape);
        await RunningSystem.CancelAsync(run);
    }

    [Fact]
    public async Task The_page_of_metrics_has_every_instrument_and_says_what_it_is()
    {
        using var instruments = new Instruments();
        await using var system = await RunningSystem.StartAsync();
        var run = system.Submit("{ name: ppo, rollout_steps: 32 }");
        var scrape = await system.ScrapeUntilAsync(text => !instruments.Silent(text).Any());
        var page = Introduction + instruments.Describe(scrape);
        await RunningSystem.CancelAsync(run);

        if (Environment.GetEnvironmentVariable("RAPID_WRITE_METRICS") == "true")
        {
            await File.WriteAllTextAsync(Repository.At(Document), page);
        }

        Assert.Equal(await File.ReadAllTextAsync(Repository.At(Document)), page);
        Assert.All(page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)), line =>
            Assert.DoesNotContain("|  |\n", line + "\n", StringComparison.Ordinal));
    }

    /// <summary>The sum of a metric's series; 0 when there is none.</summary>
    private static double Read(string scrape, string name, string tag = "") => Regex.Matches(scrape, $@"(?m)^{name}(\{{[^}}]*\}})? (\S+)$")
        .Where(series => series.Groups[1].Value.Contains(tag, StringComparison.Ordinal))
        .Sum(series => double.Parse(series.Groups[2].Value, CultureInfo.InvariantCulture));
}
