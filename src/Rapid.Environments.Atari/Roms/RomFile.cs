using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Atari.Roms;

/// <summary>A file, or an entry of a ZIP archive, that was looked at as a cartridge.</summary>
/// <param name="Path">Of the file.</param>
/// <param name="Entry">Its name within the archive, or null for a plain file.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Md5">In lower-case hexadecimal; null if it was not read.</param>
/// <param name="Problem">Why it is no cartridge; null if it may be one.</param>
public sealed record RomFile(string Path, string? Entry, long Size, string? Md5, string? Problem)
{
    /// <summary>The game that it is the cartridge of, or null.</summary>
    public GameDescription? Game => Md5 is null ? null : GameTable.FindByMd5(Md5);

    /// <summary>The path, with the entry after a colon.</summary>
    public override string ToString() => Entry is null ? Path : $"{Path}:{Entry}";
}
