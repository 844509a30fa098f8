using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Replay;

/// <summary>The learner's table of old sequences, with the real replay service.</summary>
public class SequenceClientTests
{
    internal const int Steps = 3, Environments = 2;
    private const int Sequences = 5, Size = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Sequences_come_with_what_replaying_needs_and_nothing_else_once_the_table_is_warm()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using var replay = Open(services);
        await replay.CreateAsync(default);
        await replay.AppendAsync([Block(1)], default);
        Assert.False(replay.IsWarm);
        await replay.AppendAsync([Block(2)], default);
        Assert.True(replay.IsWarm);

        await replay.RequestAsync(3, default);
        for (var i = 0; i < 3; i++)
        {
            var received = (await ReadAsync(replay))!;
            await replay.ReleaseAsync([received], default);
            var batch = received.Trajectory;
            Assert.Equal((Steps, Sequences), ((int)batch.Steps, (int)batch.Environments));
            Assert.Equal(
                ["actions", "behaviour_log_probabilities", "final_observations", "observations", "rewards", "terminated", "truncated"],
                batch.Columns.Select(column => column.Name).Order());
            var observations = batch.Floats(TrajectoryColumns.Observations, Steps + 1, Sequences, Size).ToArray();
            var rewards = batch.Floats(TrajectoryColumns.Rewards, Steps, Sequences).ToArray();
            var truncated = batch.Bytes(TrajectoryColumns.Truncated, Steps, Sequences).ToArray();
            var finals = batch.Floats(TrajectoryColumns.FinalObservations, truncated.Sum(flag => flag), Size).ToArray();
            for (int row = 0, final = 0; row < Steps * Sequences; row++)
            {
                // Every number says which block, step and environment it is from; the sequence is one environment's from end to end.
                Assert.Equal(observations[row * Size], rewards[row]);
                Assert.Equal(observations[row * Size] + 10, observations[(row + Sequences) * Size]);
                if (truncated[row] != 0)
                {
                    Assert.Equal(rewards[row] + 0.5f, finals[final++ * Size]);
                }
            }
        }
    }

    [Fact]
    public async Task A_block_that_comes_again_is_kept_once()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using (var first = Open(services))
        {
            await first.CreateAsync(default);
            await first.AppendAsync([Block(1)], default);
        }

        // A learner's next life, whose queue delivers again what was not acknowledged.
        await using var next = Open(services);
        await next.CreateAsync(default);
        await next.AppendAsync([Block(1)], default);
        Assert.False(next.IsWarm);
        await next.AppendAsync([Block(2)], default);
        Assert.True(next.IsWarm);
        var table = Assert.Single((await services.Replay.StatsAsync(new StatsRequest())).Tables);
        Assert.Equal((2ul, 1ul), (table.Blocks, table.DuplicateBlocks));
    }

    [Fact]
    public async Task A_lost_table_fills_again_before_it_is_sampled()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using var replay = Open(services);
        await replay.CreateAsync(default);
        await replay.AppendAsync([Block(1), Block(2)], default);
        await replay.RequestAsync(1, default);
        Assert.NotNull(await ReadAsync(replay));
        await services.StopReplayAsync();
        await services.StartReplayAsync();

        await replay.RequestAsync(1, default).WaitAsync(Patience);
        Assert.Null(await ReadAsync(replay));
        Assert.False(replay.IsWarm);
        await replay.AppendAsync([Block(3), Block(4)], default).WaitAsync(Patience);
        Assert.True(replay.IsWarm);
        await replay.RequestAsync(1, default).WaitAsync(Patience);
        Assert.NotNull(await ReadAsync(replay));
    }

    [Fact]
    public async Task A_batch_that_is_on_its_way_when_the_service_dies_is_drawn_again()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using var replay = Open(services);
        await replay.CreateAsync(default);
        await replay.AppendAsync([Block(1), Block(2)], default);
        await replay.RequestAsync(2, default);
        await services.StopReplayAsync();
        await services.StartReplayAsync();
        await replay.AppendAsync([Block(3), Block(4)], default).WaitAsync(Patience);
        Assert.NotNull(await ReadAsync(replay));
        Assert.NotNull(await ReadAsync(replay));
    }

    [Fact]
    public async Task A_refused_block_is_an_error_with_its_reason()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await using var replay = Open(services);
        await replay.CreateAsync(default);
        await replay.AppendAsync([Block(1)], default);
        var other = Block(2);
        other.Columns.RemoveAt(0);
        var error = await Assert.ThrowsAsync<RpcException>(() => replay.AppendAsync([other], default).WaitAsync(Patience));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("observations", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Giving_up_is_a_cancellation()
    {
        await using var services = new LearnerAndReplay();
        await using var replay = Open(services);
        using var early = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => replay.CreateAsync(early.Token).WaitAsync(Patience));
    }

    private static Task<ReceivedSequences?> ReadAsync(TableClient<ReceivedSequences> replay) =>
        replay.ReadAsync(default).AsTask().WaitAsync(Patience);

    private static TableClient<ReceivedSequences> Open(LearnerAndReplay services) => new(
        Channels.Open(services.Options.Replay[0], services.Options),
        new TableDefinition
        {
            Name = "run/sequences",
            Kind = TableKind.Uniform,
            Items = ItemKind.Sequence,
            Store = StoreKind.Memory,
            CapacitySteps = 100,
            MinimumSteps = 2 * Steps * Environments,
            Seed = 1,
        },
        new SequenceProtocol(Steps, Sequences, prefetch: 2),
        NullLogger.Instance);

    /// <summary>A block whose observation and reward at step t of environment i is 1000 sequence + 100 i + 10 t; the second environment is
    /// cut at step 1.</summary>
    internal static Trajectory Block(ulong sequence, uint slot = 0)
    {
        float At(int t, int i) => 1000f * sequence + 100 * i + 10 * t;
        var rows = Enumerable.Range(0, Steps * Environments).Select(row => At(row / Environments, row % Environments)).ToArray();
        var observations = Enumerable.Range(0, (Steps + 1) * Environments)
            .SelectMany(row => new[] { At(row / Environments, row % Environments), 1 });
        var block = new Trajectory
        {
            Experiment = "run",
            Producer = $"actor {slot}",
            Slot = slot,
            Sequence = sequence,
            Steps = Steps,
            Environments = Environments,
            PolicyVersion = 1,
        };
        block.Add<float>(TrajectoryColumns.Observations, observations.ToArray(), Steps + 1, Environments, Size);
        block.Add<long>(TrajectoryColumns.Actions, new long[rows.Length], Steps, Environments);
        block.Add<float>(TrajectoryColumns.Rewards, rows, Steps, Environments);
        block.Add<byte>(TrajectoryColumns.Terminated, new byte[rows.Length], Steps, Environments);
        block.Add<byte>(TrajectoryColumns.Truncated, [0, 0, 0, 1, 0, 0], Steps, Environments);
        block.Add<float>(TrajectoryColumns.LogProbabilities, new float[rows.Length], Steps, Environments);
        block.Add<float>(TrajectoryColumns.BehaviourLogProbabilities, new float[rows.Length * 2], Steps, Environments, 2);
        block.Add<float>(TrajectoryColumns.Values, new float[rows.Length + Environments], Steps + 1, Environments);
        block.Add<float>(TrajectoryColumns.FinalObservations, [At(1, 1) + 0.5f, 1], 1, Size);
        block.Add<double>(TrajectoryColumns.ObservationCount, [1], 1);
        return block;
    }
}
