using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>Small valid blocks.</summary>
internal static class Blocks
{
    public static Trajectory Make(string producer, ulong sequence, int steps = 4, float reward = 1)
    {
        var block = new Trajectory { Experiment = "test", Producer = producer, Sequence = sequence, Steps = (uint)steps, Environments = 1, PolicyVersion = 1 };
        block.Add<float>(TrajectoryColumns.Rewards, [.. Enumerable.Repeat(reward, steps)], steps, 1);
        block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, 3);
        return block;
    }

    public static TableDefinition Table(string name, StoreKind store = StoreKind.Memory, ulong capacity = 1000) =>
        new() { Name = name, Kind = TableKind.Queue, Store = store, CapacitySteps = capacity };
}
