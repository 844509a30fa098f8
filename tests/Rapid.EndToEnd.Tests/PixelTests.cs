using System.Text.RegularExpressions;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;

namespace Rapid.EndToEnd.Tests;

/// <summary>Learning from frames, on the game that ships with Rapid.</summary>
public sealed class PixelTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ppo, preset: ppo1, minibatches: 2, epochs: 2")]
    [InlineData("p3o, replay_steps: 512, warm_up_steps: 64, sample_multiplier: 2")]
    public async Task Lockstep_on_frames_gives_the_same_metrics_in_one_process_again_and_in_many(string algorithm)
    {
        var spec = _folder.Spec(
            $$"""
            environment: { name: DuelNoFrameskip-v4, options: { screen_size: 44 } }
            seed: 5
            total_steps: 384
            lockstep: true
            actors: { count: 2, environments: 2 }
            algorithm: { name: {{algorithm}}, rollout_steps: 16 }
            network: { encoder: ppo1, hidden_sizes: [32] }
            replay: { store: memory }
            evaluation: { interval_steps: 0, final_episodes: 1 }
            """);
        var metrics = new List<string>();
        foreach (var runs in (string[])["one", "two"])
        {
            var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec, "--runs", runs);
            var run = RunFolder.Single(Path.Combine(_folder.Path, runs));
            Assert.True(exitCode == 0, output + run.Log);
            Assert.Equal(384 / 64, run.TrainingSteps().Length);
            Assert.InRange((double)run.Evaluations()[^1]["return_mean"]!, -21, 21);
            metrics.Add(run.TimelessMetrics());
        }

        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 2);
        await cluster.SubmitAsync(spec);
        await Eventually.TrueAsync(() => RunFolder.Single(_folder.Runs).State is "finished" or "failed", () => cluster.Story);
        metrics.Add(RunFolder.Single(_folder.Runs).TimelessMetrics());

        Assert.Equal(metrics[0], metrics[1]);
        Assert.Equal(metrics[0], metrics[2]);
    }

    [Theory]
    [InlineData("rgb, screen_size: 44, frame_stack: 2", "{ encoder: ppo1, hidden_sizes: [32] }")]
    [InlineData("ram", "{ hidden_sizes: [32] }")]
    public async Task A_game_is_learned_in_colour_and_from_memory(string observations, string network)
    {
        var spec = _folder.Spec(
            $$"""
            environment: { name: DuelNoFrameskip-v4, options: { obs_type: {{observations}} } }
            total_steps: 192
            actors: { count: 1, environments: 2 }
            algorithm: { name: ppo, rollout_steps: 32, minibatches: 2, epochs: 1 }
            network: {{network}}
            replay: { store: memory }
            evaluation: { interval_steps: 0, final_episodes: 1 }
            """);
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec, "--runs", "runs");
        var run = RunFolder.Single(Path.Combine(_folder.Path, "runs"));
        Assert.True(exitCode == 0, output + run.Log);
        Assert.Equal(192 / 64, run.TrainingSteps().Length);
        Assert.InRange((double)run.Evaluations()[^1]["return_mean"]!, -21, 21);
    }

    [Fact]
    public async Task A_game_that_a_user_describes_is_learned_like_any_other()
    {
        var roms = Directory.CreateDirectory(Path.Combine(_folder.Path, "roms")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(roms, "anything.dat"), BuiltInRoms.Read("duel")!);
        var game = Path.Combine(_folder.Path, "mine.yaml");
        await File.WriteAllTextAsync(
            game, $$"""
            md5: {{GameTable.Find("duel")!.Md5}}
            actions: NOOP UP DOWN
            rules:
              score: $84
              over: $85 == 21
            """);
        var spec = _folder.Spec(
            $$"""
            environment: { name: {{game}} }
            total_steps: 32
            actors: { environments: 2 }
            algorithm: { name: a2c, rollout_steps: 16 }
            evaluation: { interval_steps: 0, final_episodes: 1 }
            """);
        await using var process = RapidProcess.Start(
            _folder.Path, ["train", spec], new Dictionary<string, string> { ["RAPID_ROMS"] = roms });
        Assert.True(await process.WaitAsync() == 0, process.Output);
        Assert.InRange((double)RunFolder.Single(_folder.Runs).Evaluations()[^1]["return_mean"]!, 0, 21);

        File.Copy(Path.Combine(roms, "anything.dat"), Path.Combine(roms, "anything.bin"));
        foreach (var what in (string[])[game, "roms/anything.bin", RunFolder.Single(_folder.Runs).Path])
        {
            var (playCode, played) = await RapidProcess.RunAsync(_folder.Path, "play", what, "--steps", "5");
            Assert.True(playCode == 0, played);
            Assert.Contains("episode 1: score 0, ", played, StringComparison.Ordinal);
        }

        var (filmCode, filmed) = await RapidProcess.RunAsync(_folder.Path, "envs", game, "--steps", "5", "--video", "film.gif");
        Assert.True(filmCode == 0, filmed);
        Assert.Contains("film.gif: ", filmed, StringComparison.Ordinal);

        await File.WriteAllTextAsync(game, "rules: { score: $84 +, over: 1 }");
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        Assert.Equal(2, exitCode);
        Assert.Contains("environment.name", output, StringComparison.Ordinal);
        Assert.Contains("mine.yaml:1", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_games_of_a_run_are_the_same_to_its_evaluation_and_to_who_watches_it()
    {
        var spec = _folder.Spec(
            """
            environment: { name: DuelNoFrameskip-v4, options: { screen_size: 44, max_frames: 600, noop_max: 60 } }
            total_steps: 32
            actors: { environments: 2 }
            algorithm: { name: a2c, rollout_steps: 16 }
            network: { encoder: ppo1, hidden_sizes: [32] }
            evaluation: { interval_steps: 0, final_episodes: 1 }
            """);
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        Assert.True(exitCode == 0, output);
        var run = RunFolder.Single(_folder.Runs).Path;
        var (_, scored) = await RapidProcess.RunAsync(_folder.Path, "eval", run, "--episodes", "4");
        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "play", run, "--episodes", "4");
        Assert.True(exitCode == 0, output);
        var scores = Regex.Matches(scored, @"episode \d+: return (-?\d+)").Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(4, scores.Count);
        Assert.Equal(scores, Regex.Matches(output, @"episode \d+: score (-?\d+)").Select(match => match.Groups[1].Value));
    }

    [Theory]
    [InlineData("environment: { name: ALE/Pong-v5 }", "cartridge of pong is missing", "60e0ea3cbe0913d39803477945e9e5ec")]
    [InlineData("environment: { name: ALE/Pongg-v5 }", "environment.name", "did you mean")]
    [InlineData("environment: { name: ALE/Duel-v5, options: { mode: 7 } }", "environment.options.mode", "allowed: 0, 1")]
    [InlineData("environment: { name: ALE/Duel-v5, options: { frame_skip: 0 } }", "environment.options.frame_skip", "out of range")]
    [InlineData(
        "environment: { name: ALE/Duel-v5, options: { stack_padding: ones } }",
        "environment.options.stack_padding",
        "zeros or first_frame")]
    [InlineData("environment: { name: ALE/Duel-v5 }, network: { encoder: none }", "network.encoder", "nature")]
    [InlineData("environment: { name: ALE/Duel-v5 }, network: { shared: false }", "network.shared", "allowed with frames: true")]
    [InlineData("environment: { name: ALE/Duel-v5 }, algorithm: { name: sac }", "algorithm.name", "allowed: a2c, p3o, ppo")]
    [InlineData("environment: { name: CartPole-v1 }, network: { encoder: nature }", "network.encoder", "allowed: none")]
    public async Task What_cannot_be_played_or_learned_is_refused_with_the_field_and_what_to_do(string spec, string where, string what)
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", _folder.Spec($"{{ {spec} }}"));
        Assert.NotEqual(0, exitCode);
        Assert.Contains(where, output, StringComparison.Ordinal);
        Assert.Contains(what, output, StringComparison.Ordinal);
    }
}
