using System.Collections.Concurrent;
using Rapid.Environments.Languages;
using Rapid.Environments.MuJoCo;

namespace Rapid.Environments.Described;

/// <summary>Task descriptions in files. Safe from any thread.</summary>
internal static class TaskFiles
{
    /// <summary>Bounds what a user's file may take to read.</summary>
    private const int MostBytes = 1 << 20;

    /// <summary>Bounds the models that are kept; a process rarely runs more than a few tasks.</summary>
    private const int MostKept = 64;

    private static readonly string[] Extensions = [".yaml", ".yml"];

    /// <summary>Fields that no description of a game has.</summary>
    private static readonly string[] OnlyOfTasks = ["model", "observation", "reward"];

    private static readonly ConcurrentDictionary<string, (FileStamps Files, TaskDescription Task)> Kept = [];

    /// <summary>Whether a name is the path of a description that is there and is of a task, not of a game.</summary>
    public static bool IsTask(string name) => HasExtension(name) && File.Exists(name) && IsTaskText(name);

    /// <summary>Whether a name can only be the path of a description.</summary>
    public static bool HasExtension(string name) => Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);

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

        if (new FileInfo(full).Length > MostBytes)
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

    /// <summary>By its fields; of a file that cannot be taken apart, by how its lines begin.</summary>
    private static bool IsTaskText(string path)
    {
        if (new FileInfo(path).Length > MostBytes)
        {
            return false;
        }

        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        try
        {
            return SourceNode.Read(text, "a task", "model").Children.Any(field => OnlyOfTasks.Contains(field.Key.Text));
        }
        catch (SourceException)
        {
            return text.Split('\n').Any(line => OnlyOfTasks.Any(field => line.StartsWith($"{field}:", StringComparison.Ordinal)));
        }
    }
}
