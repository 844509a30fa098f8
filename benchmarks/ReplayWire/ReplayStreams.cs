using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>Appends blocks of one float32 column, and samples them whole.</summary>
internal sealed class ReplayStreams(GrpcChannel channel, string producer, int blockBytes)
{
    private const int Steps = 64, Ahead = 8;

    private readonly Protocol.V1.Replay.ReplayClient _client = new(channel);
    private readonly Tensor _column = TensorCodec.ToTensor<float>(
        new float[blockBytes / sizeof(float)], Steps, 1, blockBytes / sizeof(float) / Steps);
    private ulong _sequence;

    /// <summary>A table of some blocks in memory.</summary>
    public Task CreateAsync(string table, int blocks) => _client.CreateTableAsync(new CreateTableRequest
    {
        Definition = new TableDefinition
        {
            Name = table,
            Kind = TableKind.Uniform,
            Items = ItemKind.Block,
            Store = StoreKind.Memory,
            CapacitySteps = (ulong)blocks * Steps,
        },
    }).ResponseAsync;

    public async Task AppendAsync(string table, int blocks)
    {
        using var call = _client.Append();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < blocks; i++)
            {
                var block = new Trajectory { Producer = producer, Sequence = ++_sequence, Steps = Steps, Environments = 1 };
                block.Columns.Add(new Column { Name = TrajectoryColumns.Actions, Tensor = _column });
                await call.RequestStream.WriteAsync(new AppendRequest { Table = table, Trajectory = block });
            }

            await call.RequestStream.CompleteAsync();
        });
        await foreach (var reply in call.ResponseStream.ReadAllAsync())
        {
            if (reply.Code != 0)
            {
                throw new InvalidOperationException(reply.Message);
            }
        }

        await writing;
    }

    public async Task SampleAsync(string table, int blocks)
    {
        using var call = _client.Sample();
        await call.RequestStream.WriteAsync(new SampleRequest { Table = table, BatchSize = 1, Credits = Ahead });
        await call.ResponseStream.MoveNext(CancellationToken.None);
        for (var i = 1; i <= blocks; i++)
        {
            await call.ResponseStream.MoveNext(CancellationToken.None);
            if (i % (Ahead / 2) == 0)
            {
                await call.RequestStream.WriteAsync(new SampleRequest { Credits = Ahead / 2 });
            }
        }
    }
}
