using System.Buffers.Binary;
using SkiaSharp;

namespace Rapid.Cli.Tests;

public sealed class PlayTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Without_a_terminal_a_game_is_played_at_random_and_told_line_by_line()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "play", "duel", "--episodes", "2.0", "--steps", "1_700");
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

        // A pixel of the game is a square of four of one colour.
        using var picture = SKBitmap.Decode(files[^1]);
        Assert.Equal((320, 420), (picture.Width, picture.Height));
        Assert.All(Enumerable.Range(0, 320 * 420), i => Assert.Equal(
            picture.GetPixel(i % 320 / 2 * 2, i / 320 / 2 * 2), picture.GetPixel(i % 320, i / 320)));
        Assert.InRange(picture.Pixels.Distinct().Count(), 4, 12);

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

    [Fact]
    public async Task A_terminal_that_cannot_move_its_cursor_is_told_line_by_line()
    {
        await using var process = RapidProcess.StartProgram(
            "script", _folder.Path, ["-qec", $"TERM=dumb '{RapidProcess.Program}' play duel --steps 6", "/dev/null"]);
        Assert.Equal(0, await process.WaitAsync());
        Assert.Contains("episode 1: score", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\e[", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_way_to_draw_that_is_asked_for_and_not_there_is_named_alone()
    {
        // A library that is none hides one that may be there.
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "libOSMesa.so.8"), "no library");
        var variables = new Dictionary<string, string> { ["MUJOCO_GL"] = "OSMesa", ["LD_LIBRARY_PATH"] = _folder.Path };
        await using var film = RapidProcess.Start(_folder.Path, ["play", "Hopper-v4", "--random", "--out", "film.gif"], variables);
        Assert.Equal(1, await film.WaitAsync());
        Assert.Contains("cannot draw with MUJOCO_GL=OSMesa: libOSMesa.so.8 does not work here", film.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("EGL", film.Output, StringComparison.Ordinal);
        Assert.Contains("or unset MUJOCO_GL", film.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("play", "HalfCheetah-v4", 320, 320)]
    [InlineData("play", "CartPole-v1", 480, 320)]
    [InlineData("envs", "Hopper-v4", 320, 320)]
    public async Task Any_environment_is_filmed_at_random(string command, string name, int width, int height)
    {
        var (exitCode, output) = await RapidProcess.RunAsync(
            _folder.Path, command, name, "--random", "--steps", "12", "--video", "film.gif");
        Assert.True(exitCode == 0, output);
        Assert.Matches(@"episode 1: return -?\d+(\.\d+)?, 12 steps, stopped", output);
        Assert.Matches("wrote .*film.gif: [0-9]+ pictures", output);
        var film = await File.ReadAllBytesAsync(Path.Combine(_folder.Path, "film.gif"));
        Assert.Equal("GIF89a"u8, film.AsSpan(0, 6));
        Assert.Equal(width, BinaryPrimitives.ReadUInt16LittleEndian(film.AsSpan(6)));
        Assert.Equal(height, BinaryPrimitives.ReadUInt16LittleEndian(film.AsSpan(8)));
    }

    [Fact]
    public async Task A_still_shows_the_end_and_has_the_height_asked_for()
    {
        string[] play = ["play", "Pendulum-v1", "--random", "--steps", "5", "--height", "100", "--out", "still.png"];
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, play);
        Assert.True(exitCode == 0, output);
        Assert.Contains("still.png: 1 picture,", output, StringComparison.Ordinal);
        var still = await File.ReadAllBytesAsync(Path.Combine(_folder.Path, "still.png"));
        Assert.Equal(100, BinaryPrimitives.ReadInt32BigEndian(still.AsSpan(16)));
        Assert.Equal(100, BinaryPrimitives.ReadInt32BigEndian(still.AsSpan(20)));
    }

    [Fact]
    public async Task All_environments_come_on_one_picture()
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, "envs", "--pictures", "all.png");
        Assert.True(exitCode == 0, output);
        Assert.Matches("wrote all.png: [0-9]+ environments", output);
        var sheet = await File.ReadAllBytesAsync(Path.Combine(_folder.Path, "all.png"));
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], sheet[..4]);
        Assert.InRange(sheet.Length, 5_000, 400 << 10);
    }

    [Fact]
    public async Task A_sheet_without_a_font_is_refused_with_what_to_install()
    {
        var variables = new Dictionary<string, string> { ["XDG_DATA_DIRS"] = _folder.Path, ["XDG_DATA_HOME"] = _folder.Path };
        await using var sheet = RapidProcess.Start(_folder.Path, ["envs", "--pictures", "all.png"], variables);
        Assert.Equal(1, await sheet.WaitAsync());
        Assert.Contains("fonts-dejavu-core", sheet.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", sheet.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task The_library_that_draws_is_loaded_where_something_is_drawn_and_nowhere_else()
    {
        const string Library = "libSkiaSharp.so";
        string[] play = ["play", "CartPole-v1", "--random", "--episodes", "10000", "--out", "x.gif"];
        await using (var film = RapidProcess.Start(_folder.Path, play))
        {
            await Eventually.TrueAsync(() => film.HasLoaded(Library), () => film.Output);
        }

        var spec = _folder.Spec("environment: { name: CartPole-v1 }\ntotal_steps: 100000000");
        await using var training = RapidProcess.Start(_folder.Path, ["train", spec]);
        await Eventually.TrueAsync(() => RunFolder.HasTrained(_folder.Runs, 5), () => training.Output);
        Assert.True(training.HasLoaded("libtorch_cpu.so"));
        Assert.False(training.HasLoaded(Library));
    }

    [Fact]
    public async Task A_machine_that_cannot_draw_is_told_what_to_install_and_still_plays()
    {
        // Without vendors the dispatcher of EGL finds nothing, as on a machine without Mesa.
        var variables = new Dictionary<string, string> { ["MUJOCO_GL"] = "egl", ["__EGL_VENDOR_LIBRARY_DIRS"] = _folder.Path };
        await using var film = RapidProcess.Start(_folder.Path, ["play", "Hopper-v4", "--random", "--out", "film.gif"], variables);
        Assert.Equal(1, await film.WaitAsync());
        Assert.Contains("this machine cannot draw", film.Output, StringComparison.Ordinal);
        Assert.Contains("sudo apt-get install -y --no-install-recommends lib", film.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", film.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));

        await using var plain = RapidProcess.Start(_folder.Path, ["play", "Hopper-v4", "--random", "--steps", "3"], variables);
        Assert.Equal(0, await plain.WaitAsync());
        Assert.Contains("episode 1: return", plain.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'duell' is no environment, no Atari game and no run", "duell")]
    [InlineData("did you mean 'duel'?", "duell")]
    [InlineData("--height: 31 is out of range; allowed: 32 to 2160", "duel", "--height", "31")]
    [InlineData("--steps: 0 is out of range; allowed: 1 to", "duel", "--steps", "0")]
    [InlineData("--steps: '1,5' is not a whole number; the decimal sign is a point: 1.5", "duel", "--steps", "1,5")]
    [InlineData("--seed: -1 is out of range", "duel", "--seed=-1")]
    [InlineData("--episodes: 10001 is out of range; allowed: 1 to 10000", "duel", "--episodes", "10001")]
    [InlineData("'.apng' is no format of pictures or films; allowed: .gif", "duel", "--out", "x.apng")]
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

        string[] play = ["play", "duel", "--steps", "5", "--out", "x.mp4"];
        await using var first = RapidProcess.Start(_folder.Path, play, variables);
        Assert.Equal(0, await first.WaitAsync());
        Assert.Contains(".mp4 films are made by ffmpeg, which is not installed: this is a GIF.", first.Output, StringComparison.Ordinal);
        var film = await File.ReadAllBytesAsync(Path.Combine(_folder.Path, "x.gif"));
        Assert.Equal("GIF89a"u8, film.AsSpan(0, 6));

        await using var second = RapidProcess.Start(_folder.Path, play, variables);
        Assert.Equal(2, await second.WaitAsync());
        Assert.Contains("x.gif is there already", second.Output, StringComparison.Ordinal);
    }
}
