using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Rapid.Protocol.Files;

/// <summary>
/// Files that a power cut leaves whole, as they were or as they became: they are written beside, flushed to disk, and renamed, and then the
/// directory is flushed, which remembers the new name. A rename alone may reach the disk before what it names, which leaves an empty file.
/// </summary>
public static partial class DurableFile
{
    /// <summary>Replaces a file, or makes it.</summary>
    /// <exception cref="IOException">The disk is full or gone; the file is as it was.</exception>
    public static void Write(string path, string text)
    {
        var temporary = path + ".tmp";
        Create(temporary, file =>
        {
            using var writer = new StreamWriter(file, leaveOpen: true);
            writer.Write(text);
        });
        File.Move(temporary, path, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Writes a file that nobody reads yet, and flushes it to disk.</summary>
    /// <exception cref="IOException">The disk is full or gone.</exception>
    public static void Create(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var file = File.Create(path);
        write(file);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Makes the names in a directory last: what was made, renamed and removed in it.</summary>
    /// <exception cref="IOException">The directory cannot be opened, or the disk is gone.</exception>
    public static void FlushDirectory(string path)
    {
        const int ReadOnly = 0;
        if (OperatingSystem.IsWindows())
        {
            // Flushes names by itself.
            return;
        }

        using var directory = Open(path, ReadOnly);
        if (directory.IsInvalid)
        {
            throw new IOException($"{path} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        RandomAccess.FlushToDisk(directory);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}
