using System.CommandLine;
using Rapid.Cli.Clients;
using Rapid.Cli.Terminal;
using Rapid.Protocol.Files;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid replay export TABLE DIR</c>: a whole table as files.</summary>
internal static class ReplayExportCommand
{
    public static Command Create()
    {
        var table = new Argument<string>("table") { Description = "Name of a table; 'rapid replay stats' lists them" };
        var directory = new Argument<string>("dir") { Description = "Where the files go; a directory without data" };
        var replay = ReplayCommand.AddressOption();
        var command = new Command("export", "Write all blocks of a table to safetensors files (docs/replay-files.md)")
        {
            table, directory, replay,
        };
        command.SetBody(async (result, signals) =>
        {
            using var services = await RemoteReplays.OpenAsync(result.GetValue(replay), signals.Stop);
            var (name, path) = (result.GetRequiredValue(table), result.GetRequiredValue(directory));
            var parts = await services.GetAsync(name, signals.Stop);
            var writer = ReplayDataWriter.Create(path);
            TableDefinition? definition = null;
            foreach (var (service, _) in parts)
            {
                var part = await service.CallAsync(() => ReplayExporter.ExportAsync([service.Client], name, writer, signals.Stop));
                definition = ReplayExporter.Join(definition, part);
            }

            await writer.CommitAsync(
                definition ?? throw new CliException($"table '{name}' was dropped while it was exported"), environment: null, signals.Stop);
            Console.Out.WriteLine($"{writer.Blocks} blocks, {writer.Steps} steps, {writer.Bytes} bytes in {path}");
            return ExitCode.Success;
        });
        return command;
    }
}
