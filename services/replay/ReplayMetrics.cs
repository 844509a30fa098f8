using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Replay.Storage;
using Rapid.Replay.Tables;

namespace Rapid.Replay;

/// <summary>What the tables hold and have done, per table, and the service's memory, read when somebody collects it.</summary>
internal sealed class ReplayMetrics : IHostedService, IDisposable
{
    private readonly TableRegistry _tables;
    private readonly MemoryBudget _memory;
    private readonly Meter _meter = new("Rapid.Replay");

    // Not by table: what is told when it happens is kept for every table that ever was, also of experiments that have ended.
    private readonly Histogram<double> _storing;

    public ReplayMetrics(TableRegistry tables, MemoryBudget memory)
    {
        (_tables, _memory) = (tables, memory);
        _storing = _meter.CreateDurations("rapid.replay.append.time", "Time to store a block, until its store has it");
    }

    /// <summary>A block came.</summary>
    public void OnAppend(TableDefinition table, AppendOutcome outcome)
    {
        if (outcome.Storing is { } time)
        {
            _storing.Record(time.TotalSeconds, Durability(table));
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableCounter("rapid.replay.appended", () => Measure(table => table.AppendedBlocks), "{block}", "Blocks stored");
        _meter.CreateObservableCounter("rapid.replay.duplicates", () => Measure(table => table.DuplicateBlocks), "{block}",
            "Blocks that came again");
        _meter.CreateObservableCounter("rapid.replay.rejected", () => Measure(table => table.RejectedBlocks), "{block}", "Blocks refused");
        _meter.CreateObservableUpDownCounter(
            "rapid.replay.sampled", () =>
                Measure(table => table.SampledBlocks), "{block}", "Blocks delivered, less those that came back unused");
        _meter.CreateObservableGauge("rapid.replay.blocks", () => Measure(table => table.Blocks), "{block}",
            "Blocks that wait for a learner");
        _meter.CreateObservableGauge("rapid.replay.steps", () => Measure(table => table.Steps), "{step}",
            "Environment steps that wait for a learner");
        _meter.CreateObservableGauge(
            "rapid.replay.unacknowledged", () =>
                Measure(table => table.UnacknowledgedBlocks), "{block}", "Blocks delivered and not yet acknowledged");
        _meter.CreateObservableGauge("rapid.replay.bytes", () => Measure(table => table.Bytes), "By", "Size of the table's blocks");
        _meter.CreateObservableCounter("rapid.replay.inserted", () => Measure(table => table.InsertedSteps), "{step}",
            "Environment steps stored");
        _meter.CreateObservableCounter("rapid.replay.items", () => Measure(table => table.SampledItems), "{item}", "Items drawn");
        _meter.CreateObservableCounter("rapid.replay.evicted", () => Measure(table => table.EvictedBlocks), "{block}",
            "Blocks that gave way to new ones");
        _meter.CreateObservableCounter("rapid.replay.cold", () => Measure(table => table.ColdBlocks), "{block}",
            "Blocks that draws had to fetch from Redis");
        _meter.CreateObservableCounter(
            "rapid.replay.append.waiting", () => Measure(table => table.AppendWaits.Total.TotalSeconds), "s",
            "Time that producers waited for room, of all that waited");
        _meter.CreateObservableCounter(
            "rapid.replay.sample.waiting", () => Measure(table => table.DrawWaits.Total.TotalSeconds), "s",
            "Time that draws waited for data, of all that waited");
        _meter.CreateObservableGauge(
            "rapid.replay.samples_per_insert.ratio", () => Measure(table => table.SamplesPerInsert), "1",
            "Steps drawn for each step stored");
        _meter.CreateObservableGauge("rapid.replay.memory", () => _memory.Used, "By", "Memory of blocks, all tables");
        _meter.CreateObservableGauge("rapid.replay.memory.limit", () => _memory.Limit, "By", "Memory that blocks may take");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Measure(Func<TableInfo, ulong> value) => Measure(table => (long)value(table.Info()));

    private IEnumerable<Measurement<T>> Measure<T>(Func<ReplayTable, T> value)
        where T : struct => _tables.All("").Select(
        table => new Measurement<T>(value(table), new("table", table.Definition.Name), Durability(table.Definition)));

    private static KeyValuePair<string, object?> Durability(TableDefinition table) => new("durability", table.Store.ToString());
}
