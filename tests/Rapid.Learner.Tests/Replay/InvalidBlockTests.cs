using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Agents;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Tests.Replay;

/// <summary>One bad block does not end a run: it is refused, and what gets through all the same is dropped and counted.</summary>
public class InvalidBlockTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_run_declares_its_blocks_so_that_the_first_to_come_cannot()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var spec = LearnerAndReplay.Spec(1);
        services.Registry.Submit(spec);
        await LearnerAndReplay.Until(() => services.Replay.Stats(new StatsRequest()).Tables.Count == 1);
        var table = services.Replay.Stats(new StatsRequest()).Tables[0];
        using var environment = EnvironmentFactory.Create(spec.Environment);
        Assert.Equal(
            ExperimentBlocks.SignatureOf("cartpole-v1-ppo-s1", spec, environment.ObservationSpace, environment.ActionSpace),
            table.Definition.Block);
        using var append = services.Replay.Append();
        await append.RequestStream.WriteAsync(new AppendRequest { Table = table.Definition.Name, Trajectory = Block("stranger", 4) });
        Assert.True(await append.ResponseStream.MoveNext(default).WaitAsync(Patience));
        Assert.Contains("experiment 'run'", append.ResponseStream.Current.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_got_into_the_table_all_the_same_is_dropped_and_counted_and_the_next_block_is_read()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        var table = new TableDefinition { Name = "run/rollouts", Kind = TableKind.Queue, Store = StoreKind.Memory, CapacitySteps = 1000 };
        await services.Replay.CreateTableAsync(new CreateTableRequest { Definition = table });
        using var append = services.Replay.Append();
        foreach (var block in (Trajectory[])[Block("stranger", 4, "other"), Block("stranger", 4, "other", 2), Block("actor", 4)])
        {
            await append.RequestStream.WriteAsync(new AppendRequest { Table = table.Name, Trajectory = block });
            Assert.True(await append.ResponseStream.MoveNext(default).WaitAsync(Patience));
            Assert.Equal("", append.ResponseStream.Current.Message);
        }

        var declared = table.Clone();
        declared.Block = new BlockSignature
        {
            Experiment = "run",
            Steps = 4,
            Environments = 1,
            Columns = { new ColumnSignature { Name = TrajectoryColumns.Rewards, Type = DataType.Float32, Shape = { 4, 1 } } },
        };
        await using var reader = new TableClient<ReceivedBlock>(
            Channels.Open(services.Options.Replay[0], services.Options), declared, new QueueProtocol(declared, NullLogger.Instance),
            NullLogger.Instance);
        await reader.RequestAsync(1, default);
        var read = await reader.ReadAsync(default).AsTask().WaitAsync(Patience);
        Assert.Equal("actor", read!.Trajectory.Producer);
        Assert.Equal(2, reader.InvalidAnswers);
        await LearnerAndReplay.Until(() => services.Replay.Stats(new StatsRequest()).Tables[0].UnacknowledgedBlocks == 1);
    }

    private static Trajectory Block(string producer, int steps, string experiment = "run", ulong sequence = 1)
    {
        var block = new Trajectory
        {
            Experiment = experiment,
            Producer = producer,
            Sequence = sequence,
            Steps = (uint)steps,
            Environments = 1,
        };
        block.Add<float>(TrajectoryColumns.Rewards, new float[steps], steps, 1);
        return block;
    }
}
