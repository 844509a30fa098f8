using Rapid.Protocol.V1;

namespace Rapid.Protocol.Tests.Files;

/// <summary>Small valid blocks, and directories of them.</summary>
internal static class TestBlocks
{
    public const int Steps = 4, Environments = 2;

    /// <summary>A block whose numbers depend on its name; of every third, an environment is cut at its second step.</summary>
    public static Trajectory Make(string producer, ulong sequence)
    {
        var random = new Random(HashCode.Combine(producer.Length, (int)sequence));
        var block = new Trajectory
        {
            Experiment = "run",
            Producer = producer,
            Sequence = sequence,
            Slot = 1,
            Steps = Steps,
            Environments = Environments,
            PolicyVersion = (long)sequence * 10,
            BrokenEnvironments = sequence % 2,
        };
        block.Add<float>(TrajectoryColumns.Observations, Floats((Steps + 1) * Environments * 3), Steps + 1, Environments, 3);
        long[] actions = [.. Enumerable.Range(0, Steps * Environments).Select(_ => random.NextInt64(2))];
        block.Add<long>(TrajectoryColumns.Actions, actions, Steps, Environments);
        block.Add<float>(TrajectoryColumns.Rewards, Floats(Steps * Environments), Steps, Environments);
        block.Add<byte>(TrajectoryColumns.Terminated, new byte[Steps * Environments], Steps, Environments);
        var truncated = new byte[Steps * Environments];
        var isCut = sequence % 3 == 0;
        truncated[Environments] = isCut ? (byte)1 : (byte)0;
        block.Add<byte>(TrajectoryColumns.Truncated, truncated, Steps, Environments);
        block.Add<float>(TrajectoryColumns.FinalObservations, isCut ? Floats(3) : [], isCut ? 1 : 0, 3);
        if (isCut)
        {
            block.Episodes.Add(new Episode { Step = 1, Environment = 0, Return = -1.5, Length = 200, Truncated = true });
        }

        return block;

        float[] Floats(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
    }

    public static TableDefinition Table => new()
    {
        Name = "run/transitions",
        Kind = TableKind.Uniform,
        Items = ItemKind.Transition,
        Store = StoreKind.Memory,
        CapacitySteps = 1000,
        Seed = ulong.MaxValue,
        Eviction = Eviction.Oldest,
    };
}
