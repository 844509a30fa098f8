using System.Collections.Concurrent;
using System.IO.Enumeration;
using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Atari.Roms;

/// <summary>Finds cartridges by their MD5 in folders, whatever the files are called. Safe from any thread.</summary>
public sealed class RomLibrary
{
    /// <summary>Folders to search, separated as in PATH.</summary>
    public const string FoldersVariable = "RAPID_ROMS";

    private const int MostFiles = 20_000, MostDepth = 6;

    /// <summary>What files were the last time; a file that changed has another size or time.</summary>
    private static readonly ConcurrentDictionary<(string Path, long Size, DateTime Written), IReadOnlyList<RomFile>> Known = new();

    /// <summary>A library of these folders, which need not exist.</summary>
    /// <param name="folders">Searched in this order.</param>
    public RomLibrary(IReadOnlyList<string> folders)
    {
        ArgumentNullException.ThrowIfNull(folders);
        Folders = [.. folders.Select(Path.GetFullPath).Distinct()];
    }

    /// <summary>Where the cartridges are looked for, in this order.</summary>
    public IReadOnlyList<string> Folders { get; }

    /// <summary>$XDG_DATA_HOME/rapid/roms, without that variable ~/.rapid/roms.</summary>
    public static string DefaultFolder => Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data
        ? Path.Combine(data, "rapid", "roms")
        : Path.Combine(Home, ".rapid", "roms");

    private static string Home =>
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);

    /// <summary>The folder that a user names, then those of RAPID_ROMS, then the default one.</summary>
    /// <param name="folder">What --roms says, or null.</param>
    /// <exception cref="DirectoryNotFoundException">The folder that the user names does not exist.</exception>
    public static RomLibrary Open(string? folder = null)
    {
        if (folder is not null && !Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"--roms: there is no folder {Path.GetFullPath(folder)}");
        }

        var named = Environment.GetEnvironmentVariable(FoldersVariable) ?? "";
        string[] folders = [.. named.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        return new RomLibrary(folder is null ? [.. folders, DefaultFolder] : [folder, .. folders, DefaultFolder]);
    }

    /// <summary>Every file below the folders, archives entry by entry. Bad files are named, never thrown.</summary>
    /// <param name="stop">Ends the search.</param>
    public IEnumerable<RomFile> Scan(CancellationToken stop = default)
    {
        foreach (var path in Folders.SelectMany(FilesBelow).Take(MostFiles))
        {
            stop.ThrowIfCancellationRequested();
            foreach (var file in Look(path))
            {
                yield return file;
            }
        }
    }

    /// <summary>The file with a game's cartridge, or null.</summary>
    /// <param name="game">Without an MD5 it has none.</param>
    public RomFile? Locate(GameDescription game)
    {
        ArgumentNullException.ThrowIfNull(game);
        return game.Md5.Length == 0 ? null : Scan().FirstOrDefault(file => file.Md5 == game.Md5);
    }

    /// <summary>The bytes of a game's cartridge: the one that ships, or one from the folders.</summary>
    /// <param name="game">What is to be played; with an MD5.</param>
    /// <exception cref="FileNotFoundException">It is nowhere; the message says where to put it.</exception>
    public byte[] Require(GameDescription game)
    {
        ArgumentNullException.ThrowIfNull(game);
        return BuiltInRoms.Find(game.Md5)
            ?? (Locate(game) is { } file ? RomReader.Read(file) : null)
            ?? throw new FileNotFoundException(
                $"the cartridge of {game.Id} is missing: put the file with the MD5 {game.Md5}, under any name, plain or zipped, into "
                + $"{Folders[^1]} or into a folder of {FoldersVariable} or --roms (searched: {string.Join(", ", Folders)})");
    }

    /// <summary>Copies every cartridge of a known game from a folder or file into <paramref name="target"/>, as ID.bin.</summary>
    /// <param name="source">A folder, searched with all below it, or one file.</param>
    /// <param name="target">Made if it does not exist.</param>
    /// <param name="stop">Ends the import; what was copied stays.</param>
    /// <returns>Every file that was looked at, and whether it was copied just now.</returns>
    /// <exception cref="IOException">The source does not exist, or the target cannot be written.</exception>
    public static IEnumerable<(RomFile File, bool IsNew)> Import(string source, string target, CancellationToken stop = default) =>
        Import(source, target, file => file.Game?.Id, stop);

    /// <summary>With another way to recognise cartridges.</summary>
    internal static IEnumerable<(RomFile File, bool IsNew)> Import(
        string source, string target, Func<RomFile, string?> idOf, CancellationToken stop)
    {
        if (!Directory.Exists(source) && !File.Exists(source))
        {
            throw new DirectoryNotFoundException($"there is no folder and no file {Path.GetFullPath(source)}");
        }

        // Listed before anything is copied, as the target may lie below the source.
        RomFile[] files = [.. File.Exists(source) ? Look(Path.GetFullPath(source)) : new RomLibrary([source]).Scan(stop)];
        foreach (var file in files)
        {
            stop.ThrowIfCancellationRequested();
            yield return (file, idOf(file) is { } id && Copy(file, Path.Combine(target, $"{id}.bin")));
        }
    }

    private static bool Copy(RomFile file, string path)
    {
        if ((File.Exists(path) && Look(path).Any(there => there.Md5 == file.Md5)) || RomReader.Read(file) is not { } bytes)
        {
            return false;
        }

        // Beside it and renamed: a search meanwhile finds a whole cartridge or none.
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var beside = $"{path}.{Environment.ProcessId}.new";
        File.WriteAllBytes(beside, bytes);
        File.Move(beside, path, overwrite: true);
        return true;
    }

    /// <summary>Links to files are followed, links to folders are not: they may lead in circles.</summary>
    private static IEnumerable<string> FilesBelow(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = true,
            MaxRecursionDepth = MostDepth,
            AttributesToSkip = FileAttributes.None,
        };
        return new FileSystemEnumerable<string>(folder, (ref entry) => entry.ToFullPath(), options)
        {
            ShouldIncludePredicate = (ref entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };
    }

    private static IReadOnlyList<RomFile> Look(string path)
    {
        var key = KeyOf(path);
        if (key is null)
        {
            return RomReader.Look(path);
        }

        if (!Known.TryGetValue(key.Value, out var files))
        {
            if (Known.Count >= MostFiles)
            {
                Known.Clear();
            }

            Known[key.Value] = files = RomReader.Look(path);
        }

        return files;
    }

    private static (string, long, DateTime)? KeyOf(string path)
    {
        try
        {
            return (path, RomReader.LengthOf(path), File.GetLastWriteTimeUtc(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
