using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Rapid.Protocol.Files;

namespace Rapid.EndToEnd.Tests;

/// <summary>Tables as files and back, with Python on the other side, and training from files alone.</summary>
public sealed class ReplayFileTests : IDisposable
{
    private const int PythonBlocks = 40, PythonSteps = 16_000;

    private static readonly string Script = Path.Combine(
        typeof(ReplayFileTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(data => data.Key == "OfflineScripts").Value!,
        "replay_files.py");

    private const string Offline =
        """
        environment: { name: Pendulum-v1 }
        name: offline
        algorithm: { name: sac, batch_size: 128, policy_learning_rate: 1e-3, metrics_interval: 500, policy_delay: 1 }
        network: { hidden_sizes: [64, 64] }
        offline: true
        replay: { data: written }
        total_steps: 4000
        lockstep: true
        evaluation: { interval_steps: 0, final_episodes: 20 }
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_python_wrote_is_imported_once_shown_and_exported_so_that_python_reads_the_same()
    {
        await PythonAsync("write", "written");
        await PythonAsync("write-flat", "flat");
        await using var replay = await ReplayProcess.StartAsync(_folder.Path);

        // Single transitions are blocks of one step of many environments.
        await replay.RunAsync(0, "import", "flat", "flat", "--kind", "prioritised", "--capacity", "20000");
        Assert.Contains("40 blocks", await replay.RunAsync(0, "import", "written", "play/pendulum"), StringComparison.Ordinal);
        Assert.Contains("0 blocks", await replay.RunAsync(0, "import", "written", "play/pendulum"), StringComparison.Ordinal);

        var stats = JsonNode.Parse(await replay.RunAsync(0, "stats", "play/", "--json"))!;
        Assert.Equal(
            ("play/pendulum", "16000", "40", "40"),
            ((string)stats["definition"]!["name"]!, (string)stats["steps"]!, (string)stats["blocks"]!, (string)stats["duplicate_blocks"]!));
        var table = await replay.RunAsync(0, "stats");
        Assert.Matches(@"play/pendulum +uniform +transition +memory +16000/16000 +40 ", table);
        Assert.Matches(@"flat +prioritised +transition +memory +16000/20000 +20 ", table);
        Assert.DoesNotContain("play/", await replay.RunAsync(0, "stats", "other"), StringComparison.Ordinal);

        var dump = await replay.RunAsync(0, "dump", "play/pendulum", "--blocks", "3");
        Assert.Equal(3, dump.Split("\nblock ").Length - 1);
        Assert.Matches(@"observations +float32 +\[51, 8, 3\]", dump);
        Assert.Matches(@"sequence 3, slot 0, policy version 0, 50 x 8 steps", dump);
        Assert.Matches(@"truncated +0 +0 +0", dump);

        var export = await replay.RunAsync(0, "export", "play/pendulum", "exported");
        Assert.Contains("40 blocks, 16000 steps", export, StringComparison.Ordinal);
        Assert.Contains("holds data already", await replay.RunAsync(1, "export", "play/pendulum", "exported"), StringComparison.Ordinal);
        var (written, exported) = (await PythonAsync("read", "written"), await PythonAsync("read", "exported"));
        Assert.Equal(written["sums"]!.ToJsonString(), exported["sums"]!.ToJsonString());
        Assert.Equal((PythonBlocks, PythonBlocks), ((int)exported["blocks"]!, (int)exported["named"]!));

        // The names of the blocks went with them, the name of the table too.
        await replay.RestartAsync();
        Assert.Contains("40 blocks", await replay.RunAsync(0, "import", "exported"), StringComparison.Ordinal);
        Assert.Contains("40 were there already", await replay.RunAsync(0, "import", "written", "play/pendulum"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_on_two_services_is_seen_as_one_and_takes_each_block_once()
    {
        await PythonAsync("write", "written");
        await using var one = await ReplayProcess.StartAsync(_folder.Path, "one");
        await using var two = await ReplayProcess.StartAsync(_folder.Path, "two");
        await one.RunAsync(0, "import", "written", "t");
        await two.RunAsync(0, "import", "written", "t");
        var both = $"{one.Address},{two.Address}";

        var import = await one.RunAsync(0, "import", "written", "t", "--replay", both);
        Assert.Contains("40 were there already", import, StringComparison.Ordinal);
        var export = await one.RunAsync(0, "export", "t", "exported", "--replay", both);
        Assert.Contains("80 blocks, 32000 steps", export, StringComparison.Ordinal);
        var stats = await one.RunAsync(0, "stats", "--replay", both, "--json");
        Assert.Equal(2, stats.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("40 blocks", await one.RunAsync(0, "import", "exported", "again"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_import_that_was_killed_is_finished_by_the_next_one()
    {
        await PythonAsync("write", "written");
        await using var replay = await ReplayProcess.StartAsync(_folder.Path);

        // A table that holds some blocks already is what a killed import leaves behind; when it was killed is chance.
        await using (var killed = replay.Start("import", "written", "t"))
        {
            await Task.Delay(Random.Shared.Next(100, 700));
            await killed.KillAsync();
        }

        await replay.RunAsync(0, "import", "written", "t");
        Assert.Matches(@"t +uniform +transition +memory +16000/16000 +40 ", await replay.RunAsync(0, "stats"));
    }

    [Fact]
    public async Task What_cannot_be_done_is_one_sentence_and_no_table()
    {
        await PythonAsync("write", "written");
        await PythonAsync("write", "damaged");
        var damaged = Path.Combine(_folder.Path, "damaged", "part-1.safetensors");
        await File.WriteAllBytesAsync(damaged, (await File.ReadAllBytesAsync(damaged))[..^10]);
        await using var replay = await ReplayProcess.StartAsync(_folder.Path);
        await RefusesAsync(2, "there is no table 'nowhere'", "dump", "nowhere");
        await RefusesAsync(2, "there is no table 'nowhere'", "export", "nowhere", "out");
        await RefusesAsync(2, "does not say what its table was called", "import", "written");
        await RefusesAsync(2, "--capacity: 15999 is less than the 16000 steps", "import", "written", "t", "--capacity", "15999");
        await RefusesAsync(1, "holds no data: there is no replay.json", "import", "nothing", "t");
        await RefusesAsync(1, "part-1.safetensors: is no whole safetensors file", "import", "damaged", "t");
        Assert.Single((await replay.RunAsync(0, "stats")).Trim().Split('\n'));

        async Task RefusesAsync(int exitCode, string sentence, params string[] arguments)
        {
            var output = await replay.RunAsync(exitCode, arguments);
            Assert.Contains(sentence, output, StringComparison.Ordinal);
            Assert.Single(output.Trim().Split('\n'));
        }
    }

    [Fact]
    public async Task The_pendulum_is_held_upright_by_what_was_learned_from_pythons_random_play()
    {
        await PythonAsync("write", "written");

        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", _folder.Spec(Offline));
        var run = RunFolder.Single(_folder.Runs);
        Assert.True(exitCode == 0, output + run.Log);

        // Random play gets about -1200.
        var score = run.Evaluations()[^1];
        Assert.True((double)score["return_mean"]! >= -400, score.ToJsonString());
        var last = run.Metrics().Last(line => (string)line["kind"]! == "train");
        Assert.Equal((4000, 4000, PythonSteps), ((long)last["step"]!, (long)last["updates"]!, (long)last["held_steps"]!));
    }

    [Fact]
    public async Task A_run_keeps_its_transitions_and_a_killed_run_from_them_goes_on()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(
            _folder.Path, "train", _folder.Spec(
                """
                environment: { name: CartPole-v1 }
                name: online
                algorithm: { name: sac, batch_size: 16, warm_up_steps: 1000 }
                network: { hidden_sizes: [16, 16] }
                actors: { environments: 4 }
                lockstep: true
                total_steps: 1280
                evaluation: { interval_steps: 0, final_episodes: 1 }
                """),
            "--keep-data");
        Assert.True(exitCode == 0, output);
        var data = Path.Combine(_folder.Runs, "online-s1", "data");
        Assert.Equal(1280, (int)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(data, "replay.json")))!["steps"]!);

        string[] command = ["train", _folder.Spec(
            $$"""
            environment: { name: CartPole-v1 }
            name: offline
            algorithm: { name: sac, batch_size: 16, metrics_interval: 100 }
            network: { hidden_sizes: [16, 16] }
            offline: true
            replay: { data: '{{data}}' }
            total_steps: 20000
            evaluation: { interval_steps: 0, final_episodes: 1 }
            checkpoint: { interval_steps: 500 }
            """)];
        var run = new RunFolder(Path.Combine(_folder.Runs, "offline-s1"));
        await using (var killed = RapidProcess.Start(_folder.Path, command))
        {
            await Eventually.TrueAsync(() => run.TrainingSteps().Length > 8 || killed.HasExited, () => killed.Output);
            await killed.KillAsync();
        }

        Assert.NotEqual("finished", run.State);
        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output + run.Log);
        Assert.Contains("going on with", output, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, 200).Select(line => line * 100L), run.TrainingSteps());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_killed_run_keeps_what_its_checkpoint_had_learned_from_and_each_block_once(bool tableSurvives)
    {
        const string Spec =
            """
            environment: { name: CartPole-v1 }
            name: kept
            algorithm: { name: sac, batch_size: 16, warm_up_steps: 512, rollout_steps: 16 }
            network: { hidden_sizes: [16, 16] }
            actors: { environments: 4 }
            lockstep: true
            total_steps: 20480
            replay: { keep_data: true, capacity_steps: 100000 }
            evaluation: { interval_steps: 0, final_episodes: 1 }
            checkpoint: { interval_steps: 512 }
            """;
        var run = new RunFolder(Path.Combine(_folder.Runs, "kept-s1"));
        var checkpoint = tableSurvives ? await KillLearnerAsync() : await KillAllAsync();

        var data = await ReplayData.OpenAsync(Path.Combine(run.Path, "data"), CancellationToken.None);
        var blocks = await data.ReadAsync(CancellationToken.None).ToListAsync();
        Assert.Equal(data.Index.Steps, 64 * blocks.Count);
        var lives = blocks.GroupBy(block => block.Producer).ToList();
        Assert.All(lives, life => Assert.Equal(Enumerable.Range(1, life.Count()), life.Select(block => (int)block.Sequence)));
        Assert.Equal(2, lives.Count);

        // A table that survives also gives what came after the checkpoint; one that is lost is filled again as in the warm-up.
        var first = 64 * lives[0].Count();
        Assert.InRange(first, checkpoint, tableSurvives ? 20480 : checkpoint);
        Assert.InRange(64 * lives[1].Count(), 20480 - checkpoint, 20480 - checkpoint + (tableSurvives ? 0 : 512));

        async Task<long> KillAllAsync()
        {
            string[] command = ["train", _folder.Spec(Spec)];
            await using (var killed = RapidProcess.Start(_folder.Path, command))
            {
                await HasCheckpointsAsync(() => killed.Output);
                await killed.KillAsync();
            }

            var step = NewestCheckpoint();
            var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
            Assert.True(exitCode == 0, output + run.Log);
            return step;
        }

        async Task<long> KillLearnerAsync()
        {
            await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 1);
            await cluster.SubmitAsync(_folder.Spec(Spec));
            await HasCheckpointsAsync(() => cluster.Story);
            await cluster.KillAsync("learner");
            var step = NewestCheckpoint();
            cluster.Start("learner");
            await Eventually.TrueAsync(() => File.Exists(Path.Combine(run.Path, "data", ReplayData.IndexFile)), () => cluster.Story);
            return step;
        }

        Task HasCheckpointsAsync(Func<string> story) => Eventually.TrueAsync(
            () => Directory.Exists(Path.Combine(run.Path, "checkpoints")) && NewestCheckpoint() > 1500, story);

        long NewestCheckpoint() => run.Checkpoints is [.., var newest]
            ? long.Parse(newest["step-".Length..], CultureInfo.InvariantCulture)
            : 0;
    }

    private async Task<JsonNode> PythonAsync(string command, string directory)
    {
        await using var python = RapidProcess.StartProgram("/usr/bin/python3", _folder.Path, [Script, command, directory]);
        Assert.True(await python.WaitAsync() == 0, python.Output);
        var lines = python.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length > 1 ? JsonNode.Parse(lines[^1])! : new JsonObject();
    }
}
