using System.Collections.Concurrent;
using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>The games that Rapid knows, and games that users describe. Safe from any thread.</summary>
public static class GameTable
{
    private const string TableFile = "games.yaml";

    /// <summary>Bounds what a user's file may take to read.</summary>
    private const int MostBytes = 1 << 20;

    private static readonly Lazy<Dictionary<string, SourceNode.Map>> Nodes = new(ReadTable);

    private static readonly Lazy<Dictionary<string, string>> IdsByMd5 = new(() => Nodes.Value.ToDictionary(
        pair => FieldValues.Md5(pair.Value.Children.First(field => field.Key.Text == "md5").Child), pair => pair.Key));

    private static readonly ConcurrentDictionary<string, GameDescription> Games = new();

    /// <summary>Ids of all games, in alphabetical order.</summary>
    public static IReadOnlyList<string> Ids { get; } = [.. Nodes.Value.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The game of this id, or null.</summary>
    public static GameDescription? Find(string id) =>
        Nodes.Value.TryGetValue(id, out var node) ? Games.GetOrAdd(id, _ => GameReader.Read(node, id, TableFile)) : null;

    /// <summary>The game of the cartridge with this MD5, in hexadecimal of either case, or null.</summary>
    public static GameDescription? FindByMd5(string md5)
    {
        ArgumentNullException.ThrowIfNull(md5);
        return IdsByMd5.Value.TryGetValue(md5.ToLowerInvariant(), out var id) ? Find(id) : null;
    }

    /// <summary>A cartridge that nothing is known about: no reward, one life, no end.</summary>
    /// <param name="md5">Of the cartridge, in hexadecimal.</param>
    public static GameDescription Unknown(string md5)
    {
        ArgumentNullException.ThrowIfNull(md5);
        return Parse("{ start: { lives: 1 }, rules: { lives: 1, over: 0 } }", "unknown", TableFile) with { Md5 = md5.ToLowerInvariant() };
    }

    /// <summary>Reads the game that a user describes; docs/atari-games.md has the fields and the language.</summary>
    /// <param name="path">A YAML file; its name is the game's id unless it says another one.</param>
    /// <exception cref="GameFormatException">With every problem, its line and column.</exception>
    /// <exception cref="IOException">It cannot be read or is larger than 1 MiB.</exception>
    public static GameDescription Load(string path)
    {
        if (new FileInfo(path).Length > MostBytes)
        {
            throw new IOException($"{path} is larger than 1 MiB; that is no description of a game");
        }

        return Parse(File.ReadAllText(path), IdOf(path), path);
    }

    /// <summary>Reads a game from text.</summary>
    /// <param name="yaml">One YAML document.</param>
    /// <param name="id">Its id unless it says another one.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="GameFormatException">With every problem, its line and column.</exception>
    public static GameDescription Parse(string yaml, string id, string file)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        try
        {
            return GameReader.Read(SourceNode.Read(yaml, "a game", "rules"), id, file);
        }
        catch (SourceException error)
        {
            throw new GameFormatException(file, [error.Problem]);
        }
    }

    private static string IdOf(string path)
    {
        var letters = Path.GetFileNameWithoutExtension(path).ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_');
        return string.Concat(letters) is { Length: > 0 } id ? id : "game";
    }

    private static Dictionary<string, SourceNode.Map> ReadTable()
    {
        using var stream = typeof(GameTable).Assembly.GetManifestResourceStream(TableFile)!;
        using var reader = new StreamReader(stream);
        return SourceNode.Read(reader.ReadToEnd(), "a game", "rules").Children
            .ToDictionary(game => game.Key.Text, game => SourceFields.Group(game.Child));
    }
}
