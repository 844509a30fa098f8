using System.CommandLine;
using Rapid.Cli.Clients;
using Rapid.Cli.Terminal;
using Rapid.Cli.Transfer;
using Rapid.Protocol.Files;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid replay import DIR [TABLE]</c>: files as a table.</summary>
internal static class ReplayImportCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("dir") { Description = "Directory with a replay.json (docs/replay-files.md)" };
        var table = new Argument<string?>("table")
        {
            Description = "Name of the table (default: the one that was exported); made when it is not there",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var kind = Choice("--kind", "How it is drawn from", "uniform", "prioritised", "newest");
        var items = Choice("--items", "What is drawn", "transition", "sequence", "block");
        var store = Choice("--store", "Where it lives", "memory", "redis", "fsync");
        var capacity = NumberOption.Create<ulong>(
            "--capacity", "Steps that it holds (default: as exported, else what the data have)", 0, ulong.MaxValue, "steps");
        var replay = ReplayCommand.AddressOption();
        var command = new Command("import", "Append the blocks of a directory to a table, each once, however often the import is repeated")
        {
            directory, table, kind, items, store, capacity, replay,
        };
        command.SetBody(async (result, signals) =>
        {
            using var services = await RemoteReplays.OpenAsync(result.GetValue(replay), signals.Stop);
            var path = result.GetRequiredValue(directory);
            var data = await ReplayData.OpenAsync(path, signals.Stop);
            var name = result.GetValue(table) ?? data.Definition?.Name
                ?? throw new CliException(
                    $"table: {path} does not say what its table was called; name it behind the directory", ExitCode.BadInput);

            // Nothing is appended before everything is known to be sound.
            await data.CheckAsync(_ => null, signals.Stop);
            var definition = DefinitionOf(data, name);
            SetKind(definition, Parse(result.GetValue(kind), definition.Kind));
            definition.Items = Parse(result.GetValue(items), definition.Items);
            definition.Store = Parse(result.GetValue(store), definition.Store);
            definition.CapacitySteps = result.GetValue(capacity) ?? definition.CapacitySteps;
            definition.MinimumSteps = Math.Min(definition.MinimumSteps, definition.CapacitySteps);
            var (appended, duplicates) = await TableImport.RunAsync(services, definition, data, signals.Stop);
            Console.Out.WriteLine(
                $"{appended} blocks of {data.BlockSteps} x {data.BlockEnvironments} steps appended to '{name}'"
                + (duplicates > 0 ? $", {duplicates} were there already" : ""));
            return ExitCode.Success;
        });
        return command;
    }

    private static Option<string?> Choice(string name, string description, params string[] choices)
    {
        var option = new Option<string?>(name) { Description = $"{description} (default: as exported, else {choices[0]})" };
        option.AcceptOnlyFromAmong(choices);
        return option;
    }

    private static T Parse<T>(string? choice, T otherwise)
        where T : struct, Enum => choice is null ? otherwise : Enum.Parse<T>(choice, ignoreCase: true);

    private static void SetKind(TableDefinition definition, TableKind kind)
    {
        if (kind == definition.Kind)
        {
            return;
        }

        // What only prioritised tables have; 0.6 is the exponent of Schaul et al. 2016 for proportional priorities.
        (definition.Kind, definition.Selector, definition.Eviction) = (kind, "", Eviction.Unspecified);
        definition.PriorityExponent = kind == TableKind.Prioritised ? 0.6 : 0;
    }

    /// <summary>The table to make when there is none.</summary>
    private static TableDefinition DefinitionOf(ReplayData data, string name)
    {
        var definition = data.Definition?.Clone() ?? new TableDefinition
        {
            Kind = TableKind.Uniform,
            Items = ItemKind.Transition,
            Store = StoreKind.Memory,
            CapacitySteps = (ulong)Math.Max(1, data.Steps),
        };
        definition.Name = name;

        // Nobody draws while the table is filled: with a limit on inserts per sample the import would wait for ever.
        definition.RateLimiter = null;
        return definition;
    }
}
