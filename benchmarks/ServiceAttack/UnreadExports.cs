using Grpc.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>Fifty exports of a table of large blocks are never read.</summary>
internal static class UnreadExports
{
    private const int Streams = 50, BlockBytes = 4 << 20, Blocks = 10;

    public static async Task<IEnumerable<Attack>> MeasureAsync()
    {
        await using var target = new Target();
        var replay = await target.StartAsync("replay");
        var client = new Replay.ReplayClient(target.Open("replay"));
        await client.CreateTableAsync(new CreateTableRequest
        {
            Definition = new TableDefinition
            {
                Name = "t",
                Kind = TableKind.Uniform,
                Store = StoreKind.Memory,
                CapacitySteps = 4 * Blocks,
                Items = ItemKind.Block,
            },
        });
        using (var append = client.Append())
        {
            for (ulong i = 1; i <= Blocks; i++)
            {
                var block = new Trajectory { Experiment = "x", Producer = "p", Sequence = i, Steps = 4, Environments = 1 };
                block.Add<float>(TrajectoryColumns.Rewards, new float[4], 4, 1);
                block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, 3);
                block.Add<byte>("bulk", new byte[BlockBytes], BlockBytes);
                await append.RequestStream.WriteAsync(new AppendRequest { Table = "t", Trajectory = block });
                await append.ResponseStream.MoveNext(CancellationToken.None);
                if (append.ResponseStream.Current.Code != 0)
                {
                    throw new InvalidDataException(append.ResponseStream.Current.Message);
                }
            }
        }

        var bare = new Replay.ReplayClient(target.OpenBare("replay"));
        var headers = new Metadata { { "authorization", $"Bearer {Target.Token}" } };
        var before = await Target.MostBytesAsync(replay, TimeSpan.FromSeconds(2));
        var calls = Enumerable.Range(0, Streams).Select(_ => bare.Export(new ExportRequest { Table = "t" }, headers)).ToList();
        await Task.WhenAll(calls.Select(call => call.ResponseHeadersAsync));
        var most = await Target.MostBytesAsync(replay, TimeSpan.FromSeconds(20));
        calls.ForEach(call => call.Dispose());
        return
        [
            Attack.OfMemory(
                $"the replay's memory under {Streams} unread exports of {Blocks} blocks of {BlockBytes} bytes", before, most,
                Streams * (long)BlockBytes / 2),
        ];
    }
}
