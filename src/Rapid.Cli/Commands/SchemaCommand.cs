using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rapid.Agents;
using Rapid.Cli.Terminal;
using Rapid.Specs;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid schema [ALGORITHM]</c>: which fields a spec may have, as JSON Schema.</summary>
internal static class SchemaCommand
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var algorithm = new Argument<string?>("algorithm")
        {
            Description = $"One of {string.Join(", ", AgentRegistry.Names)}: its options alone; else a whole spec",
            Arity = ArgumentArity.ZeroOrOne,
        };
        algorithm.AcceptOnlyFromAmong([.. AgentRegistry.Names]);
        var command = new Command("schema", "Print the JSON Schema of a spec, for editors and programs") { algorithm };
        command.SetAction(result =>
        {
            var schema = result.GetValue(algorithm) is { } name ? SpecSchema.OfAlgorithm(name) : SpecSchema.OfSpec();
            Console.Out.WriteLine(schema.ToJsonString(Readable));
            return ExitCode.Success;
        });
        return command;
    }
}
