using Rapid.Cli.Terminal;

namespace Rapid.Cli.Comparison;

/// <summary>What is learned: an environment with its defaults, or a spec file.</summary>
/// <param name="Name">Its name in tables: the environment, or the file's name without extension.</param>
/// <param name="Yaml">The spec that variants are laid over.</param>
/// <param name="Settings">"path=value", over that.</param>
/// <param name="IsFile">A file is taken as it is written: its name and its evaluations too.</param>
internal sealed record ComparisonTask(string Name, string Yaml, IReadOnlyList<string> Settings, bool IsFile)
{
    /// <summary>Where paths in the spec begin.</summary>
    public string Folder { get; init; } = Directory.GetCurrentDirectory();

    /// <summary>Reads "spec.yaml", "ENVIRONMENT" or "ENVIRONMENT:STEPS".</summary>
    /// <exception cref="CliException">There is no such file.</exception>
    public static ComparisonTask Parse(string text)
    {
        if (Path.GetExtension(text).ToLowerInvariant() is ".yaml" or ".yml")
        {
            return File.Exists(text)
                ? new ComparisonTask(Path.GetFileNameWithoutExtension(text), File.ReadAllText(text), [], IsFile: true)
                {
                    Folder = Path.GetDirectoryName(Path.GetFullPath(text))!,
                }
                : throw new CliException($"{text}: there is no such file", ExitCode.BadInput);
        }

        return text.Split(':', 2) is [var environment, var steps]
            ? new ComparisonTask(environment, "{}", [$"environment.name={environment}", $"total_steps={steps}"], IsFile: false)
            : new ComparisonTask(text, "{}", [$"environment.name={text}"], IsFile: false);
    }
}
