using Grpc.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay.Storage;
using Rapid.Replay.Tables;

namespace Rapid.Replay.Tests;

/// <summary>What does not fit is refused, with its table and column, and the rest goes on.</summary>
public class RingRefusalTests
{
    [Fact]
    public async Task Blocks_that_items_cannot_be_cut_out_of_are_refused_by_column()
    {
        var definition = Blocks.Ring("a/t");
        (definition.NSteps, definition.Gamma) = (3, 0.9);
        using var ring = new Ring(definition);
        Trajectory With(Action<Trajectory> change)
        {
            var block = Blocks.Experience(1);
            change(block);
            return block;
        }

        Column Find(Trajectory block, string name) => block.Columns.Single(column => column.Name == name);
        foreach (var (block, reason) in new[]
        {
            (With(block => block.Columns.Remove(Find(block, "observations"))), "no column 'observations'"),
            (With(block => block.Columns.Remove(Find(block, "rewards"))), "no column 'rewards'"),
            (With(block => block.Columns.Remove(Find(block, "terminated"))), "no column 'terminated'"),
            (With(block => block.Columns.Remove(Find(block, "final_observations"))), "no column 'final_observations' for its"),
            (With(block => Find(block, "observations").Tensor = TensorCodec.ToTensor<float>(new float[16 * 3], 8, 2, 3)),
                "'observations' is Float32 [8, 2, 3]"),
            (With(block => Find(block, "truncated").Tensor = TensorCodec.ToTensor<float>(new float[16], 8, 2)),
                "'truncated' is Float32 [8, 2]"),
            (With(block => Find(block, "terminated").Tensor = TensorCodec.ToTensor<byte>([.. new byte[15], 2], 8, 2)),
                "'terminated' holds 2 at element 15"),
            (With(block => Find(block, "final_observations").Tensor = TensorCodec.ToTensor<float>(new float[300], 100, 3)),
                "steps were truncated"),
            (With(block => Find(block, "final_observations").Tensor.Shape.Add(1)), "its rows must look like an observation"),
            (With(block => Find(block, "actions").Name = "next_observations"),
                "'next_observations' is the name of a column that sampling adds"),
            (With(block => Find(block, "rewards").Tensor = TensorCodec.ToTensor<float>([.. new float[15], float.NaN], 8, 2)),
                "'rewards' holds NaN"),
        })
        {
            var outcome = await ring.Table.AppendAsync(block, CancellationToken.None);
            Assert.Equal(StatusCode.InvalidArgument, outcome.Code);
            Assert.Contains(reason, outcome.Message, StringComparison.Ordinal);
            Assert.Contains("a/t", outcome.Message, StringComparison.Ordinal);
        }

        await ring.AppendAsync(Blocks.Experience(1));
        var other = await ring.Table.AppendAsync(Blocks.Experience(2, steps: 5), CancellationToken.None);
        Assert.Equal(StatusCode.InvalidArgument, other.Code);
        await ring.AppendAsync(Blocks.Experience(3));
        Assert.Equal(12ul, ring.Table.Info().RejectedBlocks);
    }

    [Fact]
    public void Bad_definitions_are_refused_by_field()
    {
        TableDefinition With(Action<TableDefinition> change, TableKind kind = TableKind.Uniform)
        {
            var definition = Blocks.Ring("t", kind);
            change(definition);
            return definition;
        }

        foreach (var (definition, field) in new[]
        {
            (With(d => d.Kind = (TableKind)9), "definition.kind"),
            (With(d => d.Items = (ItemKind)9), "definition.items"),
            (With(d => d.MinimumSteps = 1001), "definition.minimum_steps"),
            (With(d => d.RateLimiter = new RateLimiter { SamplesPerInsert = 0, ErrorBuffer = 9 }),
                "definition.rate_limiter.samples_per_insert"),
            (With(d => d.RateLimiter = new RateLimiter { SamplesPerInsert = double.NaN, ErrorBuffer = 9 }),
                "definition.rate_limiter.samples_per_insert"),
            (With(d => d.RateLimiter = new RateLimiter { SamplesPerInsert = 4, ErrorBuffer = 3 }), "definition.rate_limiter.error_buffer"),
            (With(d => d.NSteps = 10_001), "definition.n_steps"),
            (With(d => (d.NSteps, d.Items) = (2, ItemKind.Sequence)), "definition.n_steps"),
            (With(d => d.Gamma = 1.5), "definition.gamma"),
            (With(d => d.Gamma = double.NaN), "definition.gamma"),
            (With(d => d.PriorityExponent = 0.5), "definition.priority_exponent"),
            (With(d => d.PriorityExponent = -1, TableKind.Prioritised), "definition.priority_exponent"),
            (With(d => d.PriorityExponent = double.NaN, TableKind.Prioritised), "definition.priority_exponent"),
            (With(d => d.Eviction = Eviction.LowestPriority), "definition.eviction"),
            (With(d => d.CacheBytes = 5), "definition.cache_bytes"),
            (With(d => (d.Items, d.MinimumSteps) = (ItemKind.Unspecified, 1), TableKind.Queue), "definition.minimum_steps"),
            (With(d => { }, TableKind.Queue), "definition.items"),
        })
        {
            var error = Assert.Throws<RpcException>(() => TableRules.Check(definition));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            Assert.StartsWith(field, error.Status.Detail, StringComparison.Ordinal);
        }

        var huge = Assert.Throws<RpcException>(
            () => TableRules.CheckMemory(Blocks.Ring("t", capacity: 1 << 20), new MemoryBudget(1 << 19)));
        Assert.Equal(StatusCode.ResourceExhausted, huge.StatusCode);
    }

    [Fact]
    public async Task A_table_that_does_not_fit_into_memory_is_refused_with_its_first_block_and_takes_nothing()
    {
        using var ring = new Ring(Blocks.Ring("a/t", capacity: 1_000_000), memory: 10_000_000);
        var outcome = await ring.Table.AppendAsync(Blocks.Experience(1), CancellationToken.None);
        Assert.Equal(StatusCode.ResourceExhausted, outcome.Code);
        Assert.Contains("table 'a/t'", outcome.Message, StringComparison.Ordinal);
        Assert.Equal(0, ring.Memory.Used);
        Assert.Equal(StatusCode.ResourceExhausted,
            (await ring.Table.AppendAsync(Blocks.Experience(1, steps: 4), CancellationToken.None)).Code);
    }

    [Fact]
    public async Task A_rate_limiter_too_tight_for_its_blocks_or_batches_is_refused_rather_than_waited_for()
    {
        var definition = Blocks.Ring("a/t");
        definition.RateLimiter = new RateLimiter { SamplesPerInsert = 2, ErrorBuffer = 40 };
        using var ring = new Ring(definition);
        var outcome = await ring.Table.AppendAsync(Blocks.Experience(1, steps: 16), CancellationToken.None);
        Assert.Equal(StatusCode.InvalidArgument, outcome.Code);
        Assert.Contains("rate_limiter.error_buffer", outcome.Message, StringComparison.Ordinal);
        await ring.AppendAsync(Blocks.Experience(1));
        Assert.False(ring.Table.TryDraw(Ring.Buffer(40)) && ring.Table.TryDraw(Ring.Buffer(40)) && ring.Table.TryDraw(Ring.Buffer(40)));
        var error = Assert.Throws<RpcException>(() => ring.Table.TryDraw(Ring.Buffer(41)));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("batch_size", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_priorities_are_refused_one_by_one()
    {
        using var ring = new Ring(Blocks.Ring("a/t", TableKind.Prioritised));
        await ring.AppendAsync(Blocks.Experience(1));
        foreach (var bad in new[] { -1, double.NaN, double.PositiveInfinity })
        {
            var problem =
                ring.Table.UpdatePriorities([new PriorityUpdate { Id = 16, Priority = bad }, new PriorityUpdate { Id = 17, Priority = 2 }]);
            Assert.Contains("item 16 of table 'a/t'", problem, StringComparison.Ordinal);
        }

        Assert.Equal(3ul, ring.Table.Info().RejectedPriorities);
        Assert.Null(ring.Table.UpdatePriorities([new PriorityUpdate { Id = 99999, Priority = 2 }]));
        using var uniform = new Ring(Blocks.Ring("a/u"));
        Assert.Contains("only PRIORITISED", uniform.Table.UpdatePriorities([new PriorityUpdate()]), StringComparison.Ordinal);
    }
}
