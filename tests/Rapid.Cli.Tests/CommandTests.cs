using Rapid.Environments.Registry;
using Rapid.Specs;

namespace Rapid.Cli.Tests;

public sealed class CommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Envs_lists_every_environment_with_its_spaces()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs");
        Assert.Equal(0, exitCode);
        Assert.All(EnvironmentRegistry.All, info => Assert.Contains(info.Name, output, StringComparison.Ordinal));
        Assert.Contains("discrete 2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Envs_describes_one_environment_and_refuses_an_unknown_one()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "Hopper-v4");
        Assert.Equal(0, exitCode);
        Assert.Contains("terminate_when_unhealthy", output, StringComparison.Ordinal);

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "Hopper-v3");
        Assert.Equal(0, exitCode);
        Assert.Contains("Hopper-v3 ran on mujoco-py; in its place Rapid makes Hopper-v4", output, StringComparison.Ordinal);

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "Hoper-v4");
        Assert.Equal(2, exitCode);
        Assert.Contains("did you mean 'Hopper-v4'?", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { "trian", "spec.yaml" }, "'trian': did you mean 'train'?")]
    [InlineData(new[] { "train", "spec.yaml", "--sead", "5" }, "'--sead': did you mean '--seed'?")]
    [InlineData(new[] { "replay", "stat" }, "'stat': did you mean 'stats'?")]
    public async Task A_mistyped_command_or_option_is_named_with_what_was_meant(string[] arguments, string hint)
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, arguments);
        Assert.Equal(2, exitCode);
        Assert.Contains(hint, output, StringComparison.Ordinal);
        Assert.Single(output.Split("did you mean").Skip(1));
    }

    [Fact]
    public async Task Envs_groups_atari_by_game_and_describes_one_name()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs");
        Assert.Equal(0, exitCode);
        Assert.Single(output.Split('\n'), line => line.Contains("ALE/Pong-v5 Pong-v0 Pong-v4", StringComparison.Ordinal));
        Assert.InRange(output.Split('\n').Length, 104, 170);

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "PongNoFrameskip-v4");
        Assert.Equal(0, exitCode);
        string[] facts = ["6: NOOP FIRE RIGHT LEFT RIGHTFIRE LEFTFIRE", "108000 frames", "0..1 (default 0)", "60e0ea3cbe09", "human 14.6"];
        Assert.All(facts, fact => Assert.Contains(fact, output, StringComparison.Ordinal));

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "PongNoFramskip-v4");
        Assert.Equal(2, exitCode);
        Assert.Contains("did you mean 'PongNoFrameskip-v4'?", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Envs_describes_a_game_of_the_user_or_says_what_is_wrong_with_it()
    {
        var path = Path.Combine(_folder.Path, "mine.yaml");
        await File.WriteAllTextAsync(path, "actions: NOOP FIRE\nmodes: 2..5\nrules: { score: 'bcd($80)', over: 0 }\n");
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "mine.yaml");
        Assert.Equal(0, exitCode);
        Assert.Contains("discrete 2: NOOP FIRE", output, StringComparison.Ordinal);
        Assert.Contains("2..5 (default 2)", output, StringComparison.Ordinal);

        await File.WriteAllTextAsync(path, "rules:\n  over: bdc($80)\nmods: 1\n");
        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "mine.yaml");
        Assert.Equal(2, exitCode);
        Assert.Contains("mine.yaml:2:9: 'bdc' is not a function; did you mean 'bcd'?", output, StringComparison.Ordinal);
        Assert.Contains("mine.yaml:3:1: 'mods' is no field of a game; did you mean 'modes'?", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roms_are_listed_and_what_is_none_is_named()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "in"));
        await File.WriteAllBytesAsync(Path.Combine(_folder.Path, "in", "unknown.bin"), [1, 2, 3]);
        await File.WriteAllBytesAsync(Path.Combine(_folder.Path, "in", "empty.bin"), []);
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "roms", "import", "in", "--to", "library");
        Assert.Equal(1, exitCode);
        Assert.Contains("unknown.bin is no cartridge that Rapid knows", output, StringComparison.Ordinal);
        Assert.Contains("(MD5 5289df737df57326fcdd22597afb1fac)", output, StringComparison.Ordinal);
        Assert.Contains("empty.bin is empty", output, StringComparison.Ordinal);
        Assert.Contains("0 imported", output, StringComparison.Ordinal);

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "roms", "list", "--roms", "in");
        Assert.Equal(0, exitCode);
        Assert.Contains($"games have their cartridge; searched: {Path.Combine(_folder.Path, "in")}", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CartPole-v1", "cleanrl")]
    [InlineData("HalfCheetah-v4", "ppo1")]
    public async Task Spec_prints_a_complete_spec_that_reads_back_equal(string environment, string preset)
    {
        await using var process = RapidProcess.Start(_folder.Path, ["spec", environment, "--algorithm", "ppo", "--preset", preset]);
        Assert.Equal(0, await process.WaitAsync());
        var yaml = process.Output[process.Output.IndexOf('\n', StringComparison.Ordinal)..];
        Assert.Equivalent(Presets.Default(EnvironmentRegistry.Find(environment)!, "ppo", preset), SpecReader.ReadYaml(yaml), strict: true);
    }

    [Fact]
    public async Task A_wrong_spec_names_every_problem_on_its_own_line()
    {
        var spec = _folder.Spec(
            """
            environment: { name: CartPol-v1 }
            total_steps: many
            algorithm: { clip_range: 1.5, learnin_rate: 1 }
            """);
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec, "--set", "actors.count=0");
        Assert.Equal(2, exitCode);
        string[] wrong = ["environment.name", "total_steps", "algorithm.clip_range", "algorithm.learnin_rate", "actors.count"];
        foreach (var path in wrong)
        {
            Assert.Contains($"\n{path}: ", output, StringComparison.Ordinal);
        }

        Assert.Contains("did you mean 'CartPole-v1'?", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Runs));
    }

    [Theory]
    [InlineData(2, "train", "nowhere.yaml")]
    [InlineData(2, "resume", "nowhere")]
    [InlineData(2, "eval", "nowhere")]
    [InlineData(2, "frobnicate")]
    [InlineData(1, "roms", "import", "nowhere")]
    [InlineData(1, "roms", "list", "--roms", "nowhere")]
    [InlineData(2, "train", "--sede", "3")]
    [InlineData(3, "list", "--learner", "http://127.0.0.1:9")]
    [InlineData(3, "submit", "--learner", "unix:/nowhere/learner")]
    [InlineData(2, "watch", "x", "--learner", "127.0.0.1:9")]
    public async Task What_cannot_work_ends_with_a_sentence_and_its_exit_code(int expected, params string[] arguments)
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, arguments);
        Assert.True(expected == exitCode, $"{exitCode} instead of {expected}\n{output}");
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.NotEmpty(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..]);
    }
}
