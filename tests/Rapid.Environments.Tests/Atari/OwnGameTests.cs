using Rapid.Core;
using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests.Atari;

/// <summary>Games by the path of a description or of a cartridge.</summary>
public sealed class OwnGameTests : IDisposable
{
    private const string Rules = "actions: NOOP UP DOWN\nrules: { score: $84, over: $85 == 21 }\n";

    private static readonly Dictionary<string, string> NoOptions = [];

    private readonly string _folder = Directory.CreateTempSubdirectory("rapid-games").FullName;

    private static string DuelMd5 => GameTable.Find("duel")!.Md5;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_description_called_like_another_game_is_played_with_the_cartridge_of_its_md5()
    {
        var breakout = GameTable.Find("breakout")!;
        var error = Assert.Throws<FileNotFoundException>(
            () => EnvironmentRegistry.Create(Write("duel.yaml", $"md5: {breakout.Md5}\n{Rules}"), roms: _folder));
        Assert.Contains(breakout.Md5, error.Message, StringComparison.Ordinal);

        using var mine = EnvironmentRegistry.Create(Write("breakout.YAML", $"md5: {DuelMd5.ToUpperInvariant()}\n{Rules}"));
        Assert.Equal(3, ((DiscreteSpace)mine.ActionSpace).Count);
        using var again = EnvironmentRegistry.Create(Write("breakout.yaml", $"md5: {DuelMd5}\nactions: NOOP UP\nrules: {{ over: 0 }}"));
        Assert.Equal(2, ((DiscreteSpace)again.ActionSpace).Count);
        Assert.Null(AtariTasks.KnownGame(AtariNames.Parse(Write("pong.yaml", $"md5: {DuelMd5}\n{Rules}"))!));
    }

    [Fact]
    public void A_cartridge_by_its_path_is_the_game_of_its_md5()
    {
        var path = Write("pong.BIN", BuiltInRoms.Read("duel")!);
        using var environment = EnvironmentRegistry.Create(path);
        Assert.Equal(GameTable.Find("duel")!.MinimalActions.Count, ((DiscreteSpace)environment.ActionSpace).Count);
        Assert.Equal("duel", AtariTasks.KnownGame(AtariNames.Parse(path)!));
        var info = EnvironmentRegistry.Find(path)!;
        Assert.Null(info.Note);
        Assert.Equal("Duel on the Atari 2600", info.Summary);
    }

    [Fact]
    public void A_cartridge_that_nobody_knows_says_so_and_a_changed_file_is_another_cartridge()
    {
        var path = Write("duel.bin", TinyRom.Once());
        var note = EnvironmentRegistry.Find(path)!.Note!;
        Assert.Contains("no cartridge that Rapid knows", note, StringComparison.Ordinal);
        Assert.Contains("18 actions, no reward and no end", note, StringComparison.Ordinal);
        using var unknown = EnvironmentRegistry.Create(path);
        Assert.Equal(18, ((DiscreteSpace)unknown.ActionSpace).Count);

        Write("duel.bin", BuiltInRoms.Read("duel")!);
        using var known = EnvironmentRegistry.Create(path);
        Assert.Equal(GameTable.Find("duel")!.MinimalActions.Count, ((DiscreteSpace)known.ActionSpace).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    [InlineData(8448)]
    [InlineData(600_000)]
    public void A_file_that_is_no_cartridge_is_refused_with_its_name(int bytes)
    {
        var path = Write("game.rom", new byte[bytes]);
        var (option, problem) = Assert.Single(EnvironmentRegistry.CheckOptions(EnvironmentRegistry.Find(path)!, NoOptions));
        Assert.Equal("name", option);
        Assert.Contains(path, problem, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => EnvironmentRegistry.Create(path));
    }

    [Fact]
    public void A_description_without_an_md5_is_told_to_state_one()
    {
        var path = Write("mine.yaml", Rules);
        var (option, problem) = Assert.Single(EnvironmentRegistry.CheckOptions(EnvironmentRegistry.Find(path)!, NoOptions));
        Assert.Equal("name", option);
        Assert.Contains("mine.yaml does not say which cartridge it is for; add 'md5: '", problem, StringComparison.Ordinal);
    }

    private string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
