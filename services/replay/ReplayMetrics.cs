using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Rapid.Protocol.V1;
using Rapid.Replay.Tables;

namespace Rapid.Replay;

/// <summary>What the tables hold and have done, per table, and the service's memory, read when somebody collects it.</summary>
internal sealed class ReplayMetrics(TableRegistry tables, MemoryBudget memory) : IHostedService, IDisposable
{
    private readonly Meter _meter = new("Rapid.Replay");

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
        _meter.CreateObservableGauge("rapid.replay.memory", () => memory.Used, "By", "Memory of blocks, all tables");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Measure(Func<TableInfo, ulong> value) => tables.All("").Select(
        table => new Measurement<long>((long)value(table.Info()),
            new("table", table.Definition.Name), new("durability", table.Definition.Store.ToString())));
}
