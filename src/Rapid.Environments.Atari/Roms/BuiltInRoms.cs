using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Atari.Roms;

/// <summary>Cartridges that ship inside this library.</summary>
public static class BuiltInRoms
{
    /// <summary>Embedded resource of each, by the id of its game.</summary>
    public static IReadOnlyDictionary<string, string> Resources { get; } = new Dictionary<string, string>
    {
        ["duel"] = "Rapid.Environments.Atari.Duel.duel.bin",
    };

    /// <summary>The bytes of the cartridge with this MD5, in lower-case hexadecimal, or null if it does not ship.</summary>
    public static byte[]? Find(string md5) => GameTable.FindByMd5(md5) is { } game ? Read(game.Id) : null;

    /// <summary>The bytes of a game's cartridge, or null if it does not ship.</summary>
    /// <param name="gameId">For example "space_invaders".</param>
    public static byte[]? Read(string gameId)
    {
        if (!Resources.TryGetValue(gameId, out var resource))
        {
            return null;
        }

        using var stream = typeof(BuiltInRoms).Assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
