using System.Net;
using System.Net.Sockets;

namespace Rapid.Cli.Tests;

/// <summary><c>rapid up</c>, <c>status</c> and <c>down</c> with real processes.</summary>
public sealed class UpTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Whatever_is_killed_comes_back_by_itself_and_the_run_finishes()
    {
        await using var services = new UpServices(_folder.Path);
        var up = await services.UpAsync(0, "--actors", "2");
        string[] names = ["actor-1", "actor-2", "evaluator", "learner", "redis", "replay-1", "supervisor"];
        Assert.All(names, name => Assert.Contains(name, up, StringComparison.Ordinal));
        Assert.All(
            Directory.GetFiles(Path.Combine(services.State, "keys")),
            key => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key)));
        var status = await services.WellAsync();
        Assert.All(status.Split('\n')[1..], line => Assert.InRange(line.Length, 0, 100));

        // Nothing says where the learner is, nor with which token.
        var submit = await services.RunAsync(0, "submit", Spec(200_000));
        var id = submit.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1];
        await Eventually.TrueAsync(() => RunFolder.HasTrained(_folder.Runs, 3), () => services.Story);
        await Eventually.TrueAsync(() => services.Processes.Count(process => process.Name == "supervisor") == 2, () => services.Story);
        var before = services.Processes;
        Assert.Equal([.. names, "supervisor"], before.Select(process => process.Name));
        foreach (var (name, pid) in before)
        {
            UpServices.Kill(pid);
            await Eventually.TrueAsync(
                () => services.Processes is var now && now.Count == before.Count && !now.Contains((name, pid)), () => services.Story);
        }

        // A client asks for some seconds whether a learner is there; on a busy machine it takes more to start one.
        await services.WellAsync();
        var watch = await services.RunAsync(0, "watch", id);
        Assert.Contains($"finished {id}", watch, StringComparison.Ordinal);
        Assert.Equal(before.Select(process => process.Name), services.Processes.Select(process => process.Name));
        Assert.Empty(before.Intersect(services.Processes));

        var down = await services.RunAsync(0, "down");
        Assert.All(names.Where(name => name != "supervisor"), name => Assert.Contains(name, down, StringComparison.Ordinal));
        Assert.DoesNotContain("killed", down, StringComparison.Ordinal);
        Assert.Empty(services.Processes);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(services.State, "sockets")));
        await services.RunAsync(3, "status");
    }

    [Fact]
    public async Task A_run_goes_on_after_down_and_up()
    {
        await using var services = new UpServices(_folder.Path);
        await services.UpAsync(0, "--actors", "1");
        await services.RunAsync(0, "submit", Spec(1_000_000_000));
        await Eventually.TrueAsync(() => RunFolder.HasTrained(_folder.Runs, 3), () => services.Story);

        var busy = await services.WellAsync();
        Assert.Matches(@"learner .* [1-9][\d,]* steps/s", busy);
        Assert.Matches(@"replay-1 .* \d+\.\d blocks/s +\d+ blocks", busy);
        await services.RunAsync(0, "down");

        Assert.Empty(services.Processes);
        var run = RunFolder.Single(_folder.Runs);
        Assert.Equal("running", run.State);
        var steps = run.TrainingSteps()[^1];

        // The addresses are remembered, and so is the number of actors.
        await services.RunAsync(0, "up");
        await Eventually.TrueAsync(() => run.TrainingSteps() is [.., var step] && step > steps, () => services.Story);
        Assert.Single(services.Processes, process => process.Name.StartsWith("actor", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_up_starts_only_what_is_missing_and_changes_what_is_asked_for()
    {
        await using var services = new UpServices(_folder.Path);
        await services.UpAsync(0, "--actors", "1", "--no-redis");
        var first = services.Processes;
        Assert.Equal(
            ["actor-1", "evaluator", "learner", "replay-1"],
            first.Select(process => process.Name).Where(name => name != "supervisor"));

        var again = await services.UpAsync(0);
        Assert.DoesNotContain("started", again, StringComparison.Ordinal);
        Assert.Empty(first.Except(services.Processes));

        await services.UpAsync(0, "--actors", "3");
        Assert.Empty(first.Except(services.Processes));
        Assert.Equal(3, services.Processes.Count(process => process.Name.StartsWith("actor", StringComparison.Ordinal)));

        var fewer = await services.UpAsync(0, "--actors", "2");
        Assert.Contains("stopped: actor-3", fewer, StringComparison.Ordinal);
        Assert.Equal(0, services.PidOf("actor-3"));

        // A learner of two replay services is another one; the first replay service stays.
        var (replay, learner) = (services.PidOf("replay-1"), services.PidOf("learner"));
        var replays = $"http://127.0.0.1:{FreePorts.One()}";
        await services.RunAsync(2, "up", "--replays", "65");
        await services.UpAsync(0, new Dictionary<string, string> { ["RAPID_REPLAY"] = $"{services.Replay},{replays}" });
        Assert.Equal(replay, services.PidOf("replay-1"));
        Assert.NotEqual(0, services.PidOf("replay-2"));
        Assert.NotEqual(learner, services.PidOf("learner"));
    }

    [Fact]
    public async Task Status_says_what_is_wrong_and_what_to_do()
    {
        await using var services = new UpServices(_folder.Path);
        await services.RunAsync(3, "status");
        await services.UpAsync(0, "--actors", "1", "--no-redis");

        var learner = services.PidOf("learner");
        await FreezeAsync(learner);
        var frozen = await services.RunAsync(1, "status");
        Assert.Matches(@"learner +\d+ .* no answer", frozen);
        Assert.Contains($"'kill -9 {learner}'", frozen, StringComparison.Ordinal);

        UpServices.Kill(learner);
        await Eventually.TrueAsync(() => services.PidOf("learner") is not 0 and var pid && pid != learner, () => services.Story);
        await services.UpAsync(0);
        Assert.Matches(@"learner +\d+ +\S+ +1 +SERVING", await services.WellAsync());

        // What does not stop is killed, and is named.
        await FreezeAsync(services.PidOf("evaluator"));
        var down = await services.RunAsync(0, "down");
        Assert.Contains("evaluator (killed: it did not stop in time)", down, StringComparison.Ordinal);
        Assert.Empty(services.Processes);
    }

    [Fact]
    public async Task Services_whose_supervisors_are_all_gone_run_on_and_the_next_up_takes_them_over()
    {
        await using var services = new UpServices(_folder.Path);
        await services.UpAsync(0, "--actors", "1", "--no-redis");
        await Eventually.TrueAsync(() => services.Processes.Count(process => process.Name == "supervisor") == 2, () => services.Story);
        var supervisors = services.Processes.Where(process => process.Name == "supervisor").ToList();
        supervisors.ForEach(supervisor => UpServices.Kill(supervisor.Pid));
        await Eventually.TrueAsync(() => !services.Processes.Intersect(supervisors).Any(), () => services.Story);
        var orphans = services.Processes;
        Assert.Equal(4, orphans.Count);
        UpServices.Kill(services.PidOf("evaluator"));

        var status = await services.RunAsync(1, "status");

        Assert.Matches(@"evaluator +- +- +\d+ +not running", status);
        Assert.Contains("run 'rapid up'", status, StringComparison.Ordinal);
        await services.UpAsync(0);
        Assert.Equal(orphans.Where(process => process.Name != "evaluator"), orphans.Intersect(services.Processes));
        Assert.NotEqual(0, services.PidOf("evaluator"));
    }

    [Fact]
    public async Task A_taken_port_is_named_with_who_has_it_and_nothing_starts()
    {
        await using var services = new UpServices(_folder.Path);
        using var stranger = new TcpListener(IPAddress.Loopback, services.LearnerPort);
        stranger.Start();

        var refused = await services.UpAsync(2, "--no-redis");

        var said = $"learner: port {services.LearnerPort} is taken by process {Environment.ProcessId} (";
        Assert.Contains(said, refused, StringComparison.Ordinal);
        Assert.Contains("RAPID_LEARNER", refused, StringComparison.Ordinal);
        Assert.Empty(services.Processes);
    }

    [Fact]
    public async Task Without_redis_on_the_path_it_says_what_to_install_and_starts_without_it_when_told_to()
    {
        await using var services = new UpServices(_folder.Path);
        var programs = Directory.CreateDirectory(Path.Combine(_folder.Path, "bin")).FullName;
        foreach (var program in (string[])["/bin/sh", "/usr/bin/setsid"])
        {
            File.CreateSymbolicLink(Path.Combine(programs, Path.GetFileName(program)), program);
        }

        var path = new Dictionary<string, string> { ["PATH"] = programs };
        var refused = await services.UpAsync(2, path);
        Assert.Contains("redis-server is not on the PATH; install it", refused, StringComparison.Ordinal);
        Assert.Contains("--no-redis", refused, StringComparison.Ordinal);
        Assert.Empty(services.Processes);

        await services.UpAsync(0, path, "--no-redis", "--actors", "1");
        Assert.Equal(0, services.PidOf("redis"));
        Assert.NotEqual(0, services.PidOf("replay-1"));
    }

    [Fact]
    public async Task A_service_that_cannot_start_is_named_with_the_last_lines_of_its_log()
    {
        await using var services = new UpServices(_folder.Path);
        var wrong = new Dictionary<string, string> { ["RAPID_REPLAY_MEMORY"] = "much" };

        var failed = await services.UpAsync(1, wrong, "--no-redis", "--actors", "1");

        Assert.Matches(@"replay-1 is not healthy \(not running, it ended with exit code 2\); the last lines of", failed);
        Assert.Contains("RAPID_REPLAY_MEMORY: 'much'", failed, StringComparison.Ordinal);
        Assert.Matches(@"replay-1: what to do: it ended with exit code 2 and is started again", failed);
    }

    [Fact]
    public async Task Commands_find_the_services_and_their_token_goes_to_nobody_else()
    {
        await using var services = new UpServices(_folder.Path);
        await services.UpAsync(0, "--no-redis", "--actors", "1");
        var address = $"http://127.0.0.1:{FreePorts.One()}";
        await using var stranger = RapidProcess.Start(_folder.Path, ["learner"], new Dictionary<string, string>
        {
            ["RAPID_LISTEN"] = address,
            ["RAPID_RUNS"] = "others",
            ["RAPID_TOKEN_OPERATOR_FILE"] = Path.Combine(services.State, "keys", "token-operator"),
        });
        await Eventually.TrueAsync(() => stranger.Output.Contains("listening on", StringComparison.Ordinal), () => stranger.Output);

        await services.RunAsync(0, "list");
        await services.RunAsync(0, "replay", "stats");
        var refused = await services.RunAsync(3, "list", "--learner", address);

        Assert.Contains("refused the token", refused, StringComparison.Ordinal);
    }

    private async Task FreezeAsync(int pid)
    {
        await using var kill = RapidProcess.StartProgram("kill", _folder.Path, ["-STOP", $"{pid}"]);
        Assert.Equal(0, await kill.WaitAsync());
    }

    private string Spec(long steps) => _folder.Spec(
        $$"""
        environment: { name: CartPole-v1 }
        total_steps: {{steps}}
        actors: { count: 2, environments: 2 }
        algorithm: { rollout_steps: 64 }
        replay: { store: redis }
        evaluation: { interval_steps: 50_000, episodes: 1, final_episodes: 1 }
        checkpoint: { interval_steps: 2048 }
        """);
}
