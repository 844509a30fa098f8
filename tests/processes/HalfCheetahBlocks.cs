using Grpc.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Processes;

/// <summary>A producer of blocks of HalfCheetah's size, all of the same content.</summary>
internal sealed class HalfCheetahBlocks
{
    public const int Steps = 64, Environments = 4, BlockSteps = Steps * Environments;
    private const int ObservationSize = 17, ActionSize = 6;

    private readonly Trajectory _columns = new();
    private readonly string _producer, _table;
    private ulong _sequence;

    public HalfCheetahBlocks(string producer, string table)
    {
        (_producer, _table) = (producer, table);
        var observations = new float[(BlockSteps + Environments) * ObservationSize];
        _columns.Add<float>(TrajectoryColumns.Observations, observations, Steps + 1, Environments, ObservationSize);
        _columns.Add<float>(TrajectoryColumns.Actions, new float[BlockSteps * ActionSize], Steps, Environments, ActionSize);
        _columns.Add<float>(TrajectoryColumns.Rewards, new float[BlockSteps], Steps, Environments);
        _columns.Add<byte>(TrajectoryColumns.Terminated, new byte[BlockSteps], Steps, Environments);
        _columns.Add<byte>(TrajectoryColumns.Truncated, new byte[BlockSteps], Steps, Environments);
        _columns.Add<float>(TrajectoryColumns.FinalObservations, [], 0, ObservationSize);
    }

    /// <summary>The next block.</summary>
    public AppendRequest Next()
    {
        var block = new Trajectory
        {
            Experiment = "bench",
            Producer = _producer,
            Sequence = ++_sequence,
            Steps = Steps,
            Environments = Environments,
        };
        block.Columns.AddRange(_columns.Columns);
        return new AppendRequest { Table = _table, Trajectory = block };
    }

    /// <summary>Appends many blocks, one behind the other on one call.</summary>
    /// <exception cref="InvalidOperationException">One was refused.</exception>
    public async Task AppendAsync(Protocol.V1.Replay.ReplayClient client, int blocks)
    {
        using var call = client.Append();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < blocks; i++)
            {
                await call.RequestStream.WriteAsync(Next());
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
}
