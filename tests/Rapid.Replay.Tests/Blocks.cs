using Google.Protobuf;
using Rapid.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>Small valid blocks.</summary>
internal static class Blocks
{
    /// <summary>Length of an observation of <see cref="Experience"/>.</summary>
    public const int ObservationSize = 3;

    public static Trajectory Make(string producer, ulong sequence, int steps = 4, float reward = 1)
    {
        var block = new Trajectory
        {
            Experiment = "test",
            Producer = producer,
            Sequence = sequence,
            Steps = (uint)steps,
            Environments = 1,
            PolicyVersion = 1,
        };
        block.Add<float>(TrajectoryColumns.Rewards, [.. Enumerable.Repeat(reward, steps)], steps, 1);
        block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, 3);
        return block;
    }

    public static TableDefinition Table(string name, StoreKind store = StoreKind.Memory, ulong capacity = 1000) =>
        new() { Name = name, Kind = TableKind.Queue, Store = store, CapacitySteps = capacity };

    /// <summary>A table from which transitions are drawn.</summary>
    public static TableDefinition Ring(string name, TableKind kind = TableKind.Uniform, StoreKind store = StoreKind.Memory,
        ulong capacity = 1000) =>
        new() { Name = name, Kind = kind, Store = store, CapacitySteps = capacity, Items = ItemKind.Transition, Seed = 7 };

    /// <summary>
    /// T steps of N environments in which every number says where it belongs. The observation before step t of environment n is
    /// (sequence, t, n), the action 1000 * sequence + 10 * t + n as int64, the reward that over 8; a final observation is (-sequence, t,
    /// n).
    /// </summary>
    public static Trajectory Experience(ulong sequence, int steps = 8, int environments = 2, string producer = "p", double endings = 0.3)
    {
        var random = new RandomStream(RandomStream.Derive(sequence));
        var rows = steps * environments;
        var observations = new float[(rows + environments) * ObservationSize];
        for (var i = 0; i < rows + environments; i++)
        {
            new float[] { sequence, i / environments, i % environments }.CopyTo(observations, i * ObservationSize);
        }

        var (actions, rewards, terminated, truncated, finals) =
            (new long[rows], new float[rows], new byte[rows], new byte[rows], new List<float>());
        var block = new Trajectory
        {
            Experiment = "test",
            Producer = producer,
            Sequence = sequence,
            Steps = (uint)steps,
            Environments = (uint)environments,
            PolicyVersion = (long)sequence,
        };
        for (var i = 0; i < rows; i++)
        {
            actions[i] = (long)sequence * 1000 + i / environments * 10 + i % environments;
            rewards[i] = actions[i] / 8f;
            var ending = random.NextDouble();
            terminated[i] = ending < endings / 2 ? (byte)1 : (byte)0;
            truncated[i] = ending < endings && terminated[i] == 0 ? (byte)1 : (byte)0;
            if (ending < endings)
            {
                block.Episodes.Add(new Episode
                {
                    Step = (uint)(i / environments),
                    Environment = (uint)(i % environments),
                    Return = actions[i],
                    Truncated = truncated[i] == 1,
                });
            }

            if (truncated[i] == 1)
            {
                finals.AddRange([-(float)sequence, i / environments, i % environments]);
            }
        }

        block.Add<float>(TrajectoryColumns.Observations, observations, steps + 1, environments, ObservationSize);
        block.Add<long>(TrajectoryColumns.Actions, actions, steps, environments);
        block.Add<float>(TrajectoryColumns.Rewards, rewards, steps, environments);
        block.Add<byte>(TrajectoryColumns.Terminated, terminated, steps, environments);
        block.Add<byte>(TrajectoryColumns.Truncated, truncated, steps, environments);
        block.Add<float>(TrajectoryColumns.FinalObservations, finals.ToArray(), finals.Count / ObservationSize, ObservationSize);
        return block;
    }

    /// <summary>The bytes of a block's column.</summary>
    public static ByteString Bytes(this Trajectory block, string column) =>
        block.Columns.Single(candidate => candidate.Name == column).Tensor.Data;

    /// <summary>A copy that a table may keep while the test goes on looking at the original.</summary>
    public static Trajectory Again(this Trajectory block) => Trajectory.Parser.ParseFrom(block.ToByteArray());
}
