namespace Rapid.Environments;

/// <summary>What files were when they were read, to see whether they still are. A file that is not there is one of them, too.</summary>
/// <param name="files">Their paths.</param>
internal sealed class FileStamps(IEnumerable<string> files)
{
    private readonly (string Path, (long Size, DateTime Written) Stamp)[] _stamps = [.. files.Select(path => (path, Look(path)))];

    /// <summary>Whether no file has changed, come or gone.</summary>
    public bool AreFresh => Array.TrueForAll(_stamps, file => Look(file.Path) == file.Stamp);

    /// <summary>Whether a file was written after a moment, so that it may have changed while it was read.</summary>
    public bool HasChangedSince(DateTime moment) => Array.Exists(_stamps, file => file.Stamp.Written >= moment);

    /// <summary>Of what links lead to: a link itself stays as it is when its file is replaced.</summary>
    private static (long Size, DateTime Written) Look(string path)
    {
        try
        {
            var link = new FileInfo(path);
            var file = link.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? link;
            return file.Exists ? (file.Length, file.LastWriteTimeUtc) : default;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
