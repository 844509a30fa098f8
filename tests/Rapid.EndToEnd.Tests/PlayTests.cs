using System.Buffers.Binary;

namespace Rapid.EndToEnd.Tests;

public sealed class PlayTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Without_a_terminal_a_game_is_played_at_random_and_told_line_by_line()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "play", "duel", "--episodes", "2", "--steps", "1700");
        Assert.True(exitCode == 0, output);
        Assert.Matches(@"episode 1: score -?\d+, \d+ frames\s+episode 2: score -?\d+, \d+ frames, stopped", output);
        Assert.DoesNotContain("\e[", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_game_is_filmed_and_the_same_seed_makes_the_same_film()
    {
        foreach (var name in (string[])["one.gif", "two.gif"])
        {
            var (exitCode, output) = await RapidProcess.RunAsync(
                _folder.Path, "play", "ALE/Duel-v5", "--random", "--seed", "7", "--steps", "25", "--out", name);
            Assert.True(exitCode == 0, output);
            Assert.Contains($"{name}: ", output, StringComparison.Ordinal);
        }

        var film = await File.ReadAllBytesAsync(Path.Combine(_folder.Path, "one.gif"));
        Assert.Equal("GIF89a"u8, film.AsSpan(0, 6));
        Assert.Equal(320, BinaryPrimitives.ReadUInt16LittleEndian(film.AsSpan(6)));
        Assert.Equal(420, BinaryPrimitives.ReadUInt16LittleEndian(film.AsSpan(8)));
        Assert.Equal(0x3B, film[^1]);
        Assert.Equal(film, await File.ReadAllBytesAsync(Path.Combine(_folder.Path, "two.gif")));
    }

    [Fact]
    public async Task Pictures_are_numbered_in_a_folder_that_has_none()
    {
        string[] play = ["play", "DuelNoFrameskip-v4", "--steps", "10", "--out", "pictures"];
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, play);
        Assert.True(exitCode == 0, output);
        var files = Directory.GetFiles(Path.Combine(_folder.Path, "pictures")).Order(StringComparer.Ordinal).ToList();
        Assert.Equal("000001.png", Path.GetFileName(files[0]));
        Assert.InRange(files.Count, 20, 30);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], (await File.ReadAllBytesAsync(files[^1]))[..4]);

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, play);
        Assert.Equal(2, exitCode);
        Assert.Contains("holds pictures already", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_terminal_the_game_is_drawn_and_the_terminal_given_back()
    {
        await using var process = RapidProcess.StartProgram(
            "script", _folder.Path, ["-qec", $"stty cols 60 rows 25; '{RapidProcess.Program}' play duel --random --steps 6", "/dev/null"]);
        Assert.Equal(0, await process.WaitAsync());
        var output = process.Output;
        Assert.Contains('\u2580', output);
        Assert.Contains("score 0   lives", output, StringComparison.Ordinal);
        var shown = output.LastIndexOf("\e[?25h", StringComparison.Ordinal);
        Assert.InRange(output.IndexOf("\e[?25l", StringComparison.Ordinal), 0, shown);
        Assert.Contains("episode 1: score", output[shown..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'duell' is no Atari environment, no game and no run", "duell")]
    [InlineData("did you mean 'duel'?", "duell")]
    [InlineData("Hopper-v4 has no pictures to play with", "Hopper-v4")]
    [InlineData("--steps: 0 is out of range; allowed: 1 to", "duel", "--steps", "0")]
    [InlineData("--episodes: 10001 is out of range; allowed: 1 to 10000", "duel", "--episodes", "10001")]
    [InlineData("'.avi' is no format of pictures or films; allowed: .gif", "duel", "--out", "x.avi")]
    [InlineData("--out: there is no folder", "duel", "--out", "nowhere/x.gif")]
    public async Task What_cannot_be_played_or_filmed_is_named_with_what_is_allowed(string expected, params string[] arguments)
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, ["play", .. arguments]);
        Assert.Equal(2, exitCode);
        Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task What_is_missing_on_the_machine_is_said()
    {
        var variables = new Dictionary<string, string>
        {
            ["HOME"] = _folder.Path,
            ["XDG_DATA_HOME"] = _folder.Path,
            ["PATH"] = _folder.Path,
        };
        await using var game = RapidProcess.Start(_folder.Path, ["play", "pong"], variables);
        Assert.Equal(1, await game.WaitAsync());
        Assert.Contains("the cartridge of pong is missing: put the file with the MD5", game.Output, StringComparison.Ordinal);

        await using var film = RapidProcess.Start(_folder.Path, ["play", "duel", "--out", "x.mp4"], variables);
        Assert.Equal(2, await film.WaitAsync());
        Assert.Contains(".mp4 films are made by ffmpeg, which is not installed", film.Output, StringComparison.Ordinal);
    }
}
