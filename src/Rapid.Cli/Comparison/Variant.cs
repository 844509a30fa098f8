using Rapid.Agents;
using Rapid.Cli.Terminal;
using Rapid.Core;
using Rapid.Specs;

namespace Rapid.Cli.Comparison;

/// <summary>One algorithm with a preset and fields of its own: "p3o", "p3o:fixed", "p3o:fixed,algorithm.importance_clip=10".</summary>
/// <param name="Text">As the user wrote it; its name in tables.</param>
/// <param name="Settings">"path=value", over the defaults.</param>
internal sealed record Variant(string Text, IReadOnlyList<string> Settings)
{
    /// <summary>Whatever the spec says.</summary>
    public static Variant AsWritten { get; } = new("as written", []);

    /// <summary>Reads one.</summary>
    /// <exception cref="CliException">There is no such algorithm or preset.</exception>
    public static Variant Parse(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var names = parts.Length > 0 ? parts[0].Split(':', 2) : [""];
        Check(text, "algorithm", names[0], AgentRegistry.Names);
        if (names.Length == 1)
        {
            return new Variant(text, [$"algorithm.name={names[0]}", .. parts[1..]]);
        }

        Check(text, $"preset of {names[0]}", names[1], Presets.Of(names[0]));
        return new Variant(text, [$"algorithm.name={names[0]}", $"algorithm.preset={names[1]}", .. parts[1..]]);
    }

    private static void Check(string text, string kind, string name, IReadOnlyList<string> known)
    {
        if (!known.Contains(name))
        {
            throw new CliException(
                $"variant '{text}': there is no {kind} '{name}'{NearestName.Hint(name, known)}; known: {string.Join(", ", known)}",
                ExitCode.BadInput);
        }
    }
}
