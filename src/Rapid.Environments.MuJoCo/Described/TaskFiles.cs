using System.Collections.Concurrent;
using Rapid.Environments.Languages;

namespace Rapid.Environments.Described;

/// <summary>Task descriptions in files. Safe from any thread.</summary>
internal static class TaskFiles
{
    /// <summary>Bounds the models that are kept; a process rarely runs more than a few tasks.</summary>
    private const int MostKept = 64;

    private static readonly ConcurrentDictionary<string, (FileStamps Files, TaskDescription Task)> Kept = [];

    /// <summary>The task of a file; environments of one process share its model.</summary>
    /// <param name="path">A YAML file.</param>
    /// <exception cref="TaskFormatException">With every problem, its line and column.</exception>
    /// <exception cref="IOException">It cannot be read or is larger than 1 MiB.</exception>
    public static TaskDescription Load(string path)
    {
        var full = Path.GetFullPath(path);
        if (Kept.TryGetValue(full, out var kept) && kept.Files.AreFresh)
        {
            return kept.Task;
        }

        if (new FileInfo(full).Length > DescriptionFiles.MostBytes)
        {
            throw new IOException($"{path} is larger than 1 MiB; that is no description of a task");
        }

        var started = DateTime.UtcNow;
        var task = TaskReader.Read(File.ReadAllText(full), path);
        var files = new FileStamps([full, .. ModelFiles.Of(task.ModelFile)]);
        if (Kept.Count >= MostKept)
        {
            Kept.Clear();
        }

        // What was edited meanwhile is read again the next time.
        if (!files.HasChangedSince(started))
        {
            Kept[full] = (files, task);
        }

        return task;
    }
}
