using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Rapid.Cli.Clients;
using Rapid.Cli.Terminal;
using Rapid.Cli.Views;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid replay dump TABLE</c>: what the blocks of a table are, without their bytes.</summary>
internal static class ReplayDumpCommand
{
    private const int MostReturns = 8, UsualBlocks = 10;

    public static Command Create()
    {
        var table = new Argument<string>("table") { Description = "Name of a table; 'rapid replay stats' lists them" };
        var blocks = NumberOption.Create("--blocks", $"Blocks to show, the oldest first (default: {UsualBlocks})", 1, int.MaxValue);
        var replay = ReplayCommand.AddressOption();
        var command = new Command("dump", "Show the blocks of a table: who made them, and the range of each column")
        {
            table, blocks, replay,
        };
        command.SetBody(async (result, signals) =>
        {
            using var services = await RemoteReplays.OpenAsync(result.GetValue(replay), signals.Stop);
            var left = result.GetValue(blocks) ?? UsualBlocks;
            var isFirst = true;
            foreach (var (service, info) in await services.GetAsync(result.GetRequiredValue(table), signals.Stop))
            {
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop);
                using var call = service.Client.Export(new ExportRequest { Table = info.Definition.Name }, cancellationToken: ended.Token);
                while (left > 0 && await service.CallAsync(() => call.ResponseStream.MoveNext(ended.Token)))
                {
                    var block = call.ResponseStream.Current.Trajectory;
                    if (isFirst)
                    {
                        WriteColumns(block);
                    }

                    WriteBlock(call.ResponseStream.Current.Id, block);
                    (isFirst, left) = (false, left - 1);
                }

                await ended.CancelAsync();
            }

            if (isFirst)
            {
                Console.Out.WriteLine("the table holds no blocks");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void WriteColumns(Trajectory block)
    {
        Console.Out.WriteLine($"columns of a block of {block.Steps} steps of {block.Environments} environments:");
        TextTable.Write(Console.Out, [], block.Columns.Select(column => (string[])
        [
            $"  {column.Name}",
            column.Tensor.Type.ToString().ToLowerInvariant(),
            $"[{string.Join(", ", column.Tensor.Shape)}]",
        ]));
    }

    private static void WriteBlock(ulong id, Trajectory block)
    {
        Console.Out.WriteLine();
        Console.Out.WriteLine(
            $"block {id}: {block.Producer}, sequence {block.Sequence}, slot {block.Slot}, policy version {block.PolicyVersion}, "
            + $"{block.Steps} x {block.Environments} steps{ReturnsOf(block)}");
        TextTable.Write(Console.Out, ["  column", "min", "mean", "max"], block.Columns.Select(RowOf));
    }

    private static string ReturnsOf(Trajectory block) => block.Episodes.Count == 0 ? ""
        : $", episode returns {string.Join(", ", block.Episodes.Take(MostReturns).Select(episode => Figures.Return(episode.Return)))}"
            + (block.Episodes.Count > MostReturns ? $" and {block.Episodes.Count - MostReturns} more" : "");

    private static string[] RowOf(Column column) => column.Tensor.Type switch
    {
        DataType.Float32 => RowOf<float>(column),
        DataType.Float64 => RowOf<double>(column),
        DataType.Int32 => RowOf<int>(column),
        DataType.Int64 => RowOf<long>(column),
        _ => RowOf<byte>(column),
    };

    private static string[] RowOf<T>(Column column)
        where T : unmanaged, INumber<T>
    {
        var values = MemoryMarshal.Cast<byte, T>(column.Tensor.Data.Span);
        if (values.IsEmpty)
        {
            return [$"  {column.Name}", "-", "-", "-"];
        }

        var sum = 0.0;
        foreach (var value in values)
        {
            sum += double.CreateChecked(value);
        }

        return [$"  {column.Name}", Text(double.CreateChecked(TensorPrimitives.Min(values))), Text(sum / values.Length),
            Text(double.CreateChecked(TensorPrimitives.Max(values)))];
    }

    private static string Text(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);
}
