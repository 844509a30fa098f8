using System.Globalization;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Environments.Described;
using Rapid.Environments.Languages;
using Rapid.Environments.MuJoCo.Simulation;

[assembly: EnvironmentSource<TaskSource>]

namespace Rapid.Environments.Described;

/// <summary>Tasks on MuJoCo that descriptions make: those that ship with Rapid by name, others by the path of their file.</summary>
internal sealed class TaskSource : IEnvironmentSource
{
    /// <summary>Problems of a spec travel in the headers of an answer.</summary>
    private const int MostLines = 20;

    private static readonly Dictionary<string, string> NoOptions = [];

    /// <inheritdoc/>
    public IEnumerable<EnvironmentInfo> More => TaskLibrary.Tasks.Select(entry => Info(entry.Name, TaskFiles.Load(entry.Path), entry));

    /// <inheritdoc/>
    public EnvironmentInfo? Find(string name)
    {
        if (TaskLibrary.Find(name) is { } entry)
        {
            return Info(name, TaskFiles.Load(entry.Path), entry);
        }

        if (!DescriptionFiles.IsTask(name))
        {
            return null;
        }

        try
        {
            return Info(name, TaskFiles.Load(name), null);
        }
        catch (Exception error) when (IsOfFile(error))
        {
            return new EnvironmentInfo(name, "mujoco", 1000, null, "a task whose description is wrong", NoOptions);
        }
    }

    /// <inheritdoc/>
    public bool IsPath(string name) => DescriptionFiles.HasExtension(name);

    /// <inheritdoc/>
    public IEnumerable<string>? FilesOf(string name) =>
        DescriptionFiles.IsTask(name) ? [name, .. ModelFiles.InOrder(TaskFiles.Load(name).ModelFile)] : null;

    /// <inheritdoc/>
    public IEnumerable<string> Problems(string name)
    {
        if (TaskLibrary.Find(name) is not null)
        {
            return [];
        }

        try
        {
            TaskFiles.Load(name);
            return [];
        }
        catch (TaskFormatException error)
        {
            var more = error.Problems.Count - MostLines;
            return more <= 0 ? error.Lines : [.. error.Lines.Take(MostLines), $"{name}: and {more} more"];
        }
        catch (Exception error) when (IsOfFile(error))
        {
            return [error.Message];
        }
    }

    /// <inheritdoc/>
    public IEnvironment Create(string name, IReadOnlyDictionary<string, string> options, string? roms = null)
    {
        var entry = TaskLibrary.Find(name);
        var numbers = new Dictionary<string, double>(entry?.Options ?? []);
        foreach (var (option, text) in options)
        {
            numbers[option] = NumberReader.ReadReal(text);
        }

        return new TaskEnvironment(TaskFiles.Load(entry?.Path ?? name), numbers);
    }

    private static EnvironmentInfo Info(string name, TaskDescription task, TaskLibrary.Entry? entry) => new(
        name,
        "mujoco",
        task.EpisodeSteps,
        task.SolvedAt,
        entry?.Summary ?? task.Summary,
        task.Options.ToDictionary(
            option => option.Name,
            option => $"a number ({Text(entry?.Options.GetValueOrDefault(option.Name, option.Default) ?? option.Default)})"))
    {
        Facts =
        [
            ("model", $"{Path.GetFileName(task.ModelFile)}, {task.FrameSkip} physics steps a step of {Text(task.StepSeconds)} s"),
            ("observed", string.Join(", ", Ranges(task.Observation))),
            ("rewarded", string.Join(" + ", task.Reward.Select(term => term.Name))),
        ],
    };

    /// <summary>"angle 0..2", "speed 3".</summary>
    private static IEnumerable<string> Ranges(IEnumerable<Term> terms)
    {
        var at = 0;
        foreach (var term in terms)
        {
            var last = at + term.Value.Size - 1;
            yield return last == at ? $"{term.Name} {at}" : $"{term.Name} {at}..{last}";
            at = last + 1;
        }
    }

    private static string Text(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    private static bool IsOfFile(Exception error) =>
        error is TaskFormatException or IOException or UnauthorizedAccessException or MuJoCoException;
}
