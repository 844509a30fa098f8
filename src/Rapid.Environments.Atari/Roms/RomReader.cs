using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Rapid.Environments.Atari.Roms;

/// <summary>Reads cartridges from files and ZIP archives, whatever is in them.</summary>
internal static class RomReader
{
    /// <summary>Four times the largest cartridge with bank switching; tapes in one file stay below it too.</summary>
    public const int LargestRom = 512 * 1024;

    private const int LargestArchive = 64 * 1024 * 1024, MostEntries = 4096;

    /// <summary>All that a file holds, one item for each entry of an archive.</summary>
    public static IReadOnlyList<RomFile> Look(string path)
    {
        try
        {
            var size = LengthOf(path);
            if (size == 0)
            {
                return [Refused(path, null, 0, "is empty")];
            }

            var isArchive = IsArchive(path);
            var largest = isArchive ? LargestArchive : LargestRom;
            return size > largest ? [Refused(path, null, size, $"is larger than {largest / 1024} KiB")]
                : isArchive ? LookInArchive(path)
                : [new RomFile(path, null, size, Hash(File.ReadAllBytes(path)), null)];
        }
        catch (Exception error) when (IsBadFile(error))
        {
            return [Refused(path, null, 0, $"cannot be read: {error.Message}")];
        }
    }

    /// <summary>The bytes of a file that was looked at; null if it is no longer that file.</summary>
    public static byte[]? Read(RomFile file)
    {
        try
        {
            byte[]? bytes;
            if (file.Entry is null)
            {
                bytes = LengthOf(file.Path) <= LargestRom ? File.ReadAllBytes(file.Path) : null;
            }
            else
            {
                using var archive = ZipFile.OpenRead(file.Path);
                bytes = archive.Entries.Take(MostEntries).Where(entry => entry.FullName == file.Entry).Select(ReadEntry)
                    .FirstOrDefault(found => found is not null && Hash(found) == file.Md5);
            }

            return bytes is not null && Hash(bytes) == file.Md5 ? bytes : null;
        }
        catch (Exception error) when (IsBadFile(error))
        {
            return null;
        }
    }

    /// <summary>Of the file that a link leads to. Pipes and devices have none, and are therefore never opened.</summary>
    public static long LengthOf(string path)
    {
        var file = new FileInfo(path);
        return (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length;
    }

    [SuppressMessage("Security", "CA5351", Justification = "MD5 names cartridges; nothing trusts it.")]
    public static string Hash(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));

    private static List<RomFile> LookInArchive(string path)
    {
        using var archive = ZipFile.OpenRead(path);
        var files = new List<RomFile>();
        foreach (var entry in archive.Entries.Take(MostEntries).Where(entry => entry.Name.Length > 0))
        {
            try
            {
                files.Add(ReadEntry(entry) switch
                {
                    null => Refused(path, entry.FullName, entry.Length, $"is larger than {LargestRom / 1024} KiB"),
                    [] => Refused(path, entry.FullName, 0, "is empty"),
                    var bytes => new RomFile(path, entry.FullName, bytes.Length, Hash(bytes), null),
                });
            }
            catch (Exception error) when (IsBadFile(error))
            {
                files.Add(Refused(path, entry.FullName, 0, $"cannot be read: {error.Message}"));
            }
        }

        return files.Count > 0 ? files : [Refused(path, null, LengthOf(path), "is an archive without files")];
    }

    /// <summary>The entry's bytes, or null if they are too many; an archive may lie about how many there are.</summary>
    private static byte[]? ReadEntry(ZipArchiveEntry entry)
    {
        if (entry.Length > LargestRom)
        {
            return null;
        }

        using var stream = entry.Open();
        var bytes = new byte[LargestRom + 1];
        var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length > LargestRom ? null : bytes[..length];
    }

    private static bool IsArchive(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[4];
        return file.ReadAtLeast(start, 4, throwOnEndOfStream: false) == 4 && start.SequenceEqual("PK\x03\x04"u8);
    }

    private static RomFile Refused(string path, string? entry, long size, string problem) => new(path, entry, size, null, problem);

    private static bool IsBadFile(Exception error) =>
        error is IOException or UnauthorizedAccessException or InvalidDataException or NotSupportedException;
}
