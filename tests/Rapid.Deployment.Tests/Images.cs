using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rapid.Deployment.Tests;

/// <summary>What a container of an image does: what the Dockerfile's stage of that name and those before it say.</summary>
/// <param name="Entrypoint">The program and its first arguments.</param>
/// <param name="Environment">Variables.</param>
/// <param name="HealthCheck">The command that tells how it is; empty when there is none.</param>
internal sealed partial record Image(string[] Entrypoint, IReadOnlyDictionary<string, string> Environment, string[] HealthCheck)
{
    /// <summary>One that is not ours: what it does is said where it is used.</summary>
    public static Image Foreign => new([], new Dictionary<string, string>(), []);

    /// <summary>Reads the stage that is a target.</summary>
    public static Image Read(string target)
    {
        var (entrypoint, environment, health) = (Array.Empty<string>(), new Dictionary<string, string>(), Array.Empty<string>());
        foreach (var (name, instruction, arguments) in Chain(target))
        {
            switch (instruction)
            {
                case "ENTRYPOINT":
                    entrypoint = JsonSerializer.Deserialize<string[]>(arguments)!;
                    break;
                case "HEALTHCHECK":
                    health = JsonSerializer.Deserialize<string[]>(arguments[arguments.IndexOf('[', StringComparison.Ordinal)..])!;
                    break;
                case "ENV":
                    foreach (Match pair in Pair().Matches(arguments))
                    {
                        environment[pair.Groups[1].Value] = pair.Groups[2].Value;
                    }

                    break;
            }
        }

        return entrypoint.Length > 0 ? new Image(entrypoint, environment, health) : throw new InvalidDataException($"no image '{target}'");
    }

    /// <summary>The instructions of a stage, those of the stages that it stands on first.</summary>
    private static List<(string Stage, string Instruction, string Arguments)> Chain(string target)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile")).Replace("\\\n", " ", StringComparison.Ordinal);
        var stages = new Dictionary<string, (string Base, List<(string, string)> Lines)>();
        var current = "";
        foreach (var line in text.Split('\n').Where(line => Instruction().IsMatch(line)))
        {
            var end = line.IndexOf(' ', StringComparison.Ordinal);
            var (instruction, arguments) = (line[..end], line[end..].Trim());
            if (instruction == "FROM")
            {
                var words = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                current = words[2];
                stages.Add(current, (words[0], []));
            }
            else if (current.Length > 0)
            {
                stages[current].Lines.Add((instruction, arguments));
            }
        }

        var chain = new List<(string, string, string)>();
        for (var stage = target; stages.TryGetValue(stage, out var found); stage = found.Base)
        {
            chain.InsertRange(0, found.Lines.Select(line => (stage, line.Item1, line.Item2)));
        }

        return chain;
    }

    [GeneratedRegex("^[A-Z]+ ")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"(\w+)=(\S+)")]
    private static partial Regex Pair();
}
