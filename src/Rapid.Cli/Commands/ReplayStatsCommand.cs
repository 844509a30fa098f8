using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Rapid.Cli.Clients;
using Rapid.Cli.Terminal;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid replay stats [PREFIX]</c>: the tables of running replay services.</summary>
internal static class ReplayStatsCommand
{
    private static readonly JsonFormatter Fields =
        new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true).WithFormatDefaultValues(true));

    private static readonly string[] Units = ["", "Ki", "Mi", "Gi", "Ti"];

    public static Command Create()
    {
        var prefix = new Argument<string?>("prefix")
        {
            Description = "Only tables whose name starts with this; a run's are NAME/...",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = new Option<bool>("--json") { Description = "One JSON object a table and line, with every figure" };
        var replay = ReplayCommand.AddressOption();
        var command = new Command("stats", "Show the tables of running replay services") { prefix, json, replay };
        command.SetBody(async (result, signals) =>
        {
            using var services = await RemoteReplays.OpenAsync(result.GetValue(replay), signals.Stop);
            var tables = new List<(RemoteReplay Service, TableInfo Info)>();
            foreach (var service in services.All)
            {
                tables.AddRange((await service.StatsAsync(result.GetValue(prefix) ?? "", signals.Stop)).Select(info => (service, info)));
            }

            if (result.GetValue(json))
            {
                tables.ForEach(table => Console.Out.WriteLine(ToJson(table.Service, table.Info)));
            }
            else
            {
                Write(tables, services.All.Count > 1);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static string ToJson(RemoteReplay service, TableInfo info)
    {
        var json = JsonNode.Parse(Fields.Format(info))!.AsObject();
        json.Insert(0, "service", $"{service.Address}");
        json["samples_per_insert"] = SamplesPerInsert(info);
        return json.ToJsonString();
    }

    private static void Write(IEnumerable<(RemoteReplay Service, TableInfo Info)> tables, bool areMany)
    {
        string[] header =
        [
            "table", "kind", "items", "store", "steps/capacity", "blocks", "bytes", "inserted", "sampled", "per insert", "evicted",
            "duplicates", "rejected", "cold", "versions",
        ];
        TextTable.Write(Console.Out, areMany ? [.. header, "service"] : header, tables.Select(table =>
        {
            string[] row = RowOf(table.Info);
            return areMany ? (string[])[.. row, $"{table.Service.Address}"] : row;
        }));
    }

    private static string[] RowOf(TableInfo info)
    {
        var definition = info.Definition;
        var isQueue = definition.Kind == TableKind.Queue;
        return
        [
            definition.Name,
            definition.Selector.Length > 0 ? definition.Selector : Name(definition.Kind),
            isQueue ? "block" : Name(definition.Items),
            Name(definition.Store),
            string.Create(CultureInfo.InvariantCulture, $"{info.Steps}/{definition.CapacitySteps}"),
            Count(info.Blocks),
            Bytes(info.Bytes),
            isQueue ? $"{Count(info.AppendedBlocks)} blocks" : Count(info.InsertedSteps),
            isQueue ? $"{Count(info.SampledBlocks)} blocks" : Count(info.SampledItems),
            SamplesPerInsert(info)?.ToString("0.##", CultureInfo.InvariantCulture) ?? "-",
            Count(info.EvictedBlocks),
            Count(info.DuplicateBlocks),
            Count(info.RejectedBlocks),
            Count(info.ColdBlocks),
            isQueue ? "-" : string.Create(
                CultureInfo.InvariantCulture,
                $"{(info.OldestPolicyVersion > 0 ? info.OldestPolicyVersion : "?")}..{info.NewestPolicyVersion}"),
        ];
    }

    /// <summary>Drawn items (blocks of a queue) for each that was inserted, as far as this life of the service knows; null before the
    /// first.</summary>
    private static double? SamplesPerInsert(TableInfo info) => info.Definition.Kind == TableKind.Queue
        ? info.AppendedBlocks == 0 ? null : (double)info.SampledBlocks / info.AppendedBlocks
        : info.InsertedSteps == 0 ? null : (double)info.SampledItems / info.InsertedSteps;

    private static string Name(Enum value) => value.ToString().ToLowerInvariant();

    private static string Count(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Bytes(ulong bytes)
    {
        var unit = bytes == 0 ? 0 : Math.Min(Units.Length - 1, (int)Math.Log(bytes, 1024));
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / Math.Pow(1024, unit):0.#} {Units[unit]}B");
    }
}
