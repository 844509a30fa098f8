namespace Rapid.Environments.Languages;

/// <summary>
/// Files in which users describe environments: a task on a model, or a game. Which of the two a file is, is said here, because each family
/// takes what is not the other's and neither knows the other.
/// </summary>
internal static class DescriptionFiles
{
    /// <summary>Bounds what a user's file may take to read.</summary>
    public const int MostBytes = 1 << 20;

    private static readonly string[] Extensions = [".yaml", ".yml"];

    /// <summary>Fields that no description of a game has.</summary>
    private static readonly string[] OnlyOfTasks = ["model", "observation", "reward"];

    /// <summary>Whether a name can only be the path of a description.</summary>
    public static bool HasExtension(string name) => Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a name is the path of a description that is there and is of a task, not of a game.</summary>
    public static bool IsTask(string name) => HasExtension(name) && File.Exists(name) && IsTaskText(name);

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
