using Grpc.Core;
using Rapid.Protocol.V1;
using Rapid.Replay.Checkpoints;
using Rapid.Replay.Tables;

namespace Rapid.Replay.Tests;

/// <summary>A table that comes back from a checkpoint goes on as if nothing had happened.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("rapid-checkpoints-");

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [InlineData(TableKind.Uniform, Eviction.Oldest, 13)]
    [InlineData(TableKind.Uniform, Eviction.Oldest, 4)]
    [InlineData(TableKind.Newest, Eviction.Oldest, 13)]
    [InlineData(TableKind.Prioritised, Eviction.Oldest, 13)]
    [InlineData(TableKind.Prioritised, Eviction.LowestPriority, 13)]
    [InlineData(TableKind.Uniform, Eviction.Oldest, 0)]
    public async Task Draws_evictions_and_duplicates_go_on_alike(TableKind kind, Eviction eviction, int blocks)
    {
        var definition = Blocks.Ring("t", kind, capacity: 160);
        (definition.Eviction, definition.MinimumSteps) = (eviction, 16);
        definition.RateLimiter = new RateLimiter { SamplesPerInsert = 8, ErrorBuffer = 10_000 };
        definition.PriorityExponent = kind == TableKind.Prioritised ? 0.5 : 0;
        using var checkpoints = new CheckpointDirectory(_root.FullName);
        using var original = new Ring(definition);
        await original.AppendAsync([.. Enumerable.Range(1, blocks).Select(i => Blocks.Experience((ulong)i))]);
        if (blocks > 0)
        {
            var ids = original.Draw(40).Ids.Distinct().ToArray();
            if (kind == TableKind.Prioritised)
            {
                original.Table.UpdatePriorities([.. ids.Select(id => new PriorityUpdate { Id = id, Priority = id % 4 })]);
            }
        }

        Assert.Equal((ulong)Math.Min(blocks, 10), (await checkpoints.SaveAsync(original.Table, "one", CancellationToken.None)).Blocks);
        var (state, saved) = await checkpoints.OpenAsync("one", CancellationToken.None);
        Assert.Equal(original.Table.Definition, saved);
        using var restored = Ring.Make(TableRules.Check(saved), new MemoryStore());
        await foreach (var block in checkpoints.ReadAsync("one", state, CancellationToken.None))
        {
            Assert.Null(restored.Import(block, state.Signature));
        }

        restored.Import(state);
        var (before, after) = (Ring.Buffer(32), Ring.Buffer(32));
        for (ulong next = (ulong)blocks + 1; next < (ulong)blocks + 20; next++)
        {
            Assert.Equal(next > 1,
                (await restored.AppendAsync(Blocks.Experience(next - 1 == 0 ? next : next - 1), CancellationToken.None)).IsDuplicate);
            await original.AppendAsync(Blocks.Experience(next));
            Assert.Equal(next == 1, (await restored.AppendAsync(Blocks.Experience(next), CancellationToken.None)).IsDuplicate);
            Assert.Equal(original.Table.BlockIds(), restored.BlockIds());
            var expected = original.Draw(before, importance: 0.5);
            Assert.True(restored.TryDraw(after));
            after.Complete(0.5);
            Assert.Equal(expected.Ids, after.Reply.Batch.Ids);
            Assert.Equal(expected.Columns, after.Reply.Batch.Columns);
            Assert.Equal(expected.InsertedSteps, after.Reply.Batch.InsertedSteps);
        }
    }

    [Fact]
    public async Task A_save_that_was_cut_short_leaves_the_checkpoint_before_it()
    {
        using var checkpoints = new CheckpointDirectory(_root.FullName);
        using var ring = new Ring(Blocks.Ring("t"));
        await ring.AppendAsync(Blocks.Experience(1));
        await checkpoints.SaveAsync(ring.Table, "one", CancellationToken.None);
        await ring.AppendAsync(Blocks.Experience(2));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => checkpoints.SaveAsync(ring.Table, "one", cancelled.Token));
        await File.WriteAllTextAsync(Path.Combine(_root.FullName, "one", "left-00000.safetensors"), "cut short");
        var (state, _) = await checkpoints.OpenAsync("one", CancellationToken.None);
        Assert.Equal(16, state.InsertedSteps);
        Assert.Single(await checkpoints.ReadAsync("one", state, CancellationToken.None).ToListAsync());
        Assert.Equal(2ul, (await checkpoints.SaveAsync(ring.Table, "one", CancellationToken.None)).Blocks);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_root.FullName, "one")).Length);
    }

    [Fact]
    public async Task Damage_is_noticed_and_said()
    {
        using var checkpoints = new CheckpointDirectory(_root.FullName);
        using var ring = new Ring(Blocks.Ring("t"));
        await ring.AppendAsync(Blocks.Experience(1), Blocks.Experience(2));
        await checkpoints.SaveAsync(ring.Table, "one", CancellationToken.None);
        var path = Directory.GetFiles(Path.Combine(_root.FullName, "one"), "*.safetensors")[0];
        var whole = await File.ReadAllBytesAsync(path);
        var (state, _) = await checkpoints.OpenAsync("one", CancellationToken.None);
        foreach (var damaged in new[] { [], whole[..4], whole[..100], whole[..^1], [.. Enumerable.Repeat((byte)0xFF, 64)] })
        {
            await File.WriteAllBytesAsync(path, damaged);
            var error = await Assert.ThrowsAsync<RpcException>(
                async () => await checkpoints.ReadAsync("one", state, CancellationToken.None).ToListAsync());
            Assert.Equal(StatusCode.DataLoss, error.StatusCode);
        }

        await File.WriteAllTextAsync(Path.Combine(_root.FullName, "one", "table.json"), "{}");
        Assert.Equal(StatusCode.DataLoss,
            (await Assert.ThrowsAsync<RpcException>(() => checkpoints.OpenAsync("one", CancellationToken.None))).StatusCode);
        using var none = new CheckpointDirectory(null);
        Assert.Equal(
            StatusCode.FailedPrecondition,
            (await Assert.ThrowsAsync<RpcException>(() => none.OpenAsync("one", CancellationToken.None))).StatusCode);
    }
}
