using System.Runtime.InteropServices;
using Rapid.Protocol.V1;
using Rapid.Replay.Sampling;
using Rapid.Replay.Selection;
using Rapid.Replay.Storage;
using Rapid.Replay.Tables;

namespace Rapid.Replay.Tests;

/// <summary>A table that is no queue, in this process and in memory, and what is drawn from it.</summary>
internal sealed class Ring(TableDefinition definition, long memory = long.MaxValue, SelectorAttribute? selector = null) : IDisposable
{
    public MemoryBudget Memory { get; } = new(memory);

    /// <summary>Made when it is first asked for, by whichever thread.</summary>
    public RingTable Table
    {
        get
        {
            lock (Memory)
            {
                return field ??= Make(TableRules.Check(definition), new MemoryStore(), Memory, selector);
            }
        }
    }

    /// <summary>The table that a definition composes, or one with another selector.</summary>
    public static RingTable Make(
        TableDefinition definition, ITableStore store, MemoryBudget? memory = null, SelectorAttribute? selector = null)
    {
        var composition = selector is null ? TableComposition.Find(definition)! : new RingComposition(selector);
        return (RingTable)composition.Make(definition, "i", store, memory ?? new MemoryBudget(long.MaxValue), int.MaxValue);
    }

    public async Task AppendAsync(params Trajectory[] blocks)
    {
        foreach (var block in blocks)
        {
            var outcome = await Table.AppendAsync(block.Again(), CancellationToken.None);
            Assert.True(outcome is { IsDuplicate: false, Code: Grpc.Core.StatusCode.OK }, outcome.Message);
        }
    }

    public static BatchBuffer Buffer(int count) => new(count, new BatchNews());

    /// <summary>Draws a batch that must be there.</summary>
    public SampledBatch Draw(BatchBuffer batch, double importance = 0)
    {
        Assert.True(Table.TryDraw(batch), Table.WhyWaiting());
        batch.Complete(importance);
        return batch.Reply.Batch;
    }

    public SampledBatch Draw(int count) => Draw(Buffer(count));

    public void Dispose() => Table.Dispose();
}

internal static class SampledBatchExtensions
{
    public static T[] Read<T>(this SampledBatch batch, string column)
        where T : unmanaged =>
            MemoryMarshal.Cast<byte, T>(batch.Columns.Single(candidate => candidate.Name == column).Tensor.Data.Span).ToArray();

    public static long[] Shape(this SampledBatch batch, string column) =>
        [.. batch.Columns.Single(candidate => candidate.Name == column).Tensor.Shape];
}
