using Grpc.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay.Tables;

namespace Rapid.Replay.Tests;

/// <summary>A table takes what was declared when it was made, whoever comes first.</summary>
public class SignatureTests
{
    private const int Actions = 2000;

    /// <summary>What <see cref="Blocks.Experience"/> makes.</summary>
    private static BlockSignature Declared => new()
    {
        Experiment = "test",
        Steps = 8,
        Environments = 2,
        Slots = 3,
        Columns =
        {
            Column(TrajectoryColumns.Observations, DataType.Float32, 9, 2, Blocks.ObservationSize),
            new ColumnSignature { Name = TrajectoryColumns.Actions, Type = DataType.Int64, Shape = { 8, 2 }, Limit = Actions },
            Column(TrajectoryColumns.Rewards, DataType.Float32, 8, 2),
            Column(TrajectoryColumns.Terminated, DataType.Uint8, 8, 2),
            Column(TrajectoryColumns.Truncated, DataType.Uint8, 8, 2),
            Column(TrajectoryColumns.FinalObservations, DataType.Float32, -1, Blocks.ObservationSize),
        },
    };

    public static TheoryData<string, string> Strangers => new()
    {
        { "experiment", "is of experiment 'other'; allowed: 'test'" },
        { "slot", "slot: 3 is out of range; allowed: 0 to 2" },
        { "shorter", "has 4 steps of 2 environments; allowed: 8 steps of 2" },
        { "more environments", "has 8 steps of 4 environments; allowed: 8 steps of 2" },
        { "column", "column 'more' is none that the table takes" },
        { "fewer", "the block has no column 'actions'; it needs Int64 [8, 2]" },
        { "type", "column 'actions' is Float32 [8, 2] where the table takes Int64 [8, 2]" },
        { "wider", "column 'observations' is Float32 [9, 2, 4] where the table takes Float32 [9, 2, 3]" },
        { "action", "column 'actions' holds 2000 at element 5 (row-major); allowed: 0 to 1999" },
        { "claim", "has [2147483647, 1, ...]" },
        { "broken", "broken_environments: 18446744073709551615 is impossible" },
    };

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task A_block_that_is_not_as_declared_is_refused_though_it_comes_first(string what, string reason)
    {
        foreach (var definition in (TableDefinition[])[Blocks.Table("a/q"), Blocks.Ring("a/r")])
        {
            definition.Block = Declared;
            await using var service = await ReplayProcess.StartAsync();
            await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
            using var append = service.Client.Append();
            var refused = await ReplayServiceTests.AppendAsync(append, definition.Name, Stranger(what));
            Assert.Equal((int)StatusCode.InvalidArgument, refused.Code);
            Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
            Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, definition.Name, Blocks.Experience(1))).Message);
            var info = Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables);
            Assert.Equal((1ul, 1ul, 16ul), (info.AppendedBlocks, info.RejectedBlocks, info.Steps));
        }
    }

    [Fact]
    public async Task Without_a_declaration_a_block_still_holds_the_steps_that_it_claims()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/q") });
        using var append = service.Client.Append();
        var custom = new Trajectory { Producer = "p", Sequence = 1, Steps = 1000, Environments = 1000 };
        custom.Add<float>("anything", [1, 2], 2);
        foreach (var (block, reason) in new[] { (Stranger("claim"), "[2147483647, 1, ...]"), (custom, "no column holds the 1000 steps") })
        {
            var refused = await ReplayServiceTests.AppendAsync(append, "a/q", block);
            Assert.Equal((int)StatusCode.InvalidArgument, refused.Code);
            Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0ul, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Steps);
    }

    [Theory]
    [InlineData(TrajectoryColumns.ObservationMoments, new[] { 0.0, -1 })]
    [InlineData(TrajectoryColumns.ObservationMoments, new[] { 1e200, 1 })]
    [InlineData(TrajectoryColumns.ObservationMoments, new[] { 0.0, 1e200 })]
    [InlineData(TrajectoryColumns.ObservationCount, new[] { -1.0 })]
    [InlineData(TrajectoryColumns.ObservationCount, new[] { 6.0 })]
    public void Moments_that_no_observations_have_are_refused(string column, double[] values)
    {
        var block = Blocks.Make("p", 1);
        block.Add<double>(column, values, values.Length, 1);
        Assert.Contains($"column '{column}' holds", BlockValidator.Problem(block), StringComparison.Ordinal);
    }

    [Fact]
    public void A_declaration_that_no_block_can_meet_is_refused_by_field()
    {
        foreach (var (change, field) in new (Action<BlockSignature>, string)[]
        {
            (block => block.Steps = 0, "steps"),
            (block => (block.Steps, block.Environments) = (uint.MaxValue, 2), "steps"),
            (block => block.Columns.Clear(), "columns"),
            (block => block.Columns[2].Name = "", "columns[2].name"),
            (block => block.Columns[2].Name = "actions", "columns[2].name"),
            (block => block.Columns[1].Type = (DataType)99, "columns[1].type"),
            (block => block.Columns[1].Shape[0] = -2, "columns[1].shape"),
            (block => block.Columns[1].Shape[1] = -1, "columns[1].shape"),
            (block => block.Columns[2].Limit = 2, "columns[2].limit"),
        })
        {
            var definition = Blocks.Table("t");
            definition.Block = Declared;
            change(definition.Block);
            var error = Assert.Throws<RpcException>(() => TableRules.Check(definition));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            Assert.StartsWith($"definition.block.{field}", error.Status.Detail, StringComparison.Ordinal);
        }
    }

    private static ColumnSignature Column(string name, DataType type, params long[] shape) =>
        new() { Name = name, Type = type, Shape = { shape } };

    private static Trajectory Stranger(string what)
    {
        var block = what switch
        {
            "shorter" => Blocks.Experience(1, steps: 4),
            "more environments" => Blocks.Experience(1, environments: 4),
            "claim" => Blocks.Make("p", 1),
            _ => Blocks.Experience(1, endings: 0),
        };
        var actions = block.Columns.FirstOrDefault(column => column.Name == TrajectoryColumns.Actions);
        switch (what)
        {
            case "experiment": block.Experiment = "other"; break;
            case "slot": block.Slot = 3; break;
            case "column": block.Add<float>("more", new float[16], 8, 2); break;
            case "fewer": block.Columns.Remove(actions!); break;
            case "type": actions!.Tensor = TensorCodec.ToTensor<float>(new float[16], 8, 2); break;
            case "action": actions!.Tensor = TensorCodec.ToTensor<long>([0, 1, 2, 3, 4, Actions, .. new long[10]], 8, 2); break;
            case "claim": (block.Steps, block.Environments) = (int.MaxValue, 1); break;
            case "broken": block.BrokenEnvironments = ulong.MaxValue; break;
            case "wider":
                block.Columns[0].Tensor = TensorCodec.ToTensor<float>(new float[72], 9, 2, 4);
                block.Columns.Single(column => column.Name == TrajectoryColumns.FinalObservations).Tensor =
                    TensorCodec.ToTensor<float>([], 0, 4);
                break;
        }

        return block;
    }
}
