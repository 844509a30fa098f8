using System.CommandLine;
using Rapid.Agents;
using Rapid.Cli.Terminal;
using Rapid.Specs;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid spec ENV --algorithm ppo</c>: a complete spec with comments, ready to be edited.</summary>
internal static class SpecCommand
{
    public static Command Create()
    {
        var environment = new Argument<string>("environment") { Description = "Name of an environment; 'rapid envs' lists them" };
        var algorithm = new Option<string>("--algorithm")
        {
            Description = $"One of {string.Join(", ", AgentRegistry.Names)}",
            DefaultValueFactory = _ => Presets.DefaultAlgorithm,
        };
        var preset = new Option<string?>("--preset")
        {
            Description = "Named group of defaults; "
                + string.Join("; ", AgentRegistry.Names.Select(name => $"of {name}: {string.Join(", ", Presets.Of(name))}")),
        };
        var set = TrainCommand.SetOption();
        var command = new Command("spec", "Print a complete commented spec") { environment, algorithm, preset, set };
        command.SetBody((result, _) =>
        {
            List<string> fields = [$"environment.name={result.GetValue(environment)}", $"algorithm.name={result.GetValue(algorithm)}"];
            if (result.GetValue(preset) is { } name)
            {
                fields.Add($"algorithm.preset={name}");
            }

            var options = SpecReader.ReadYaml("", [.. fields, .. result.GetValue(set) ?? []]);
            Console.Out.Write(SpecWriter.ToYaml(TrainCommand.WithNote(options)));
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }
}
