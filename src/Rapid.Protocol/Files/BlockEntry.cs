using System.Text.Json.Serialization;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Files;

/// <summary>What a file says of one of its blocks besides the columns; see docs/replay-files.md.</summary>
public sealed record BlockEntry
{
    /// <summary>Who made it; with <see cref="Sequence"/> the name of the block.</summary>
    public required string Producer { get; init; }

    /// <summary>1, 2, 3, ... per producer.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>The experiment that it was made for.</summary>
    public string Experiment { get; init; } = "";

    /// <summary>The slot that the producer filled.</summary>
    public uint Slot { get; init; }

    /// <summary>The oldest policy version that acted in it.</summary>
    public long PolicyVersion { get; init; }

    /// <summary>Environments reset because of non-finite numbers.</summary>
    public ulong BrokenEnvironments { get; init; }

    /// <summary>How many rows of the file's final observations are its own; null: as many as it has truncated steps.</summary>
    public long? FinalObservations { get; init; }

    /// <summary>Episodes that ended in it.</summary>
    public IReadOnlyList<EpisodeEntry> Episodes { get; init; } = [];

    internal static BlockEntry Of(Trajectory block) => new()
    {
        Producer = block.Producer,
        Sequence = block.Sequence,
        Experiment = block.Experiment,
        Slot = block.Slot,
        PolicyVersion = block.PolicyVersion,
        BrokenEnvironments = block.BrokenEnvironments,
        FinalObservations =
            block.Columns.FirstOrDefault(column => column.Name == TrajectoryColumns.FinalObservations)?.Tensor.Shape[0] ?? 0,
        Episodes = [.. block.Episodes.Select(episode => new EpisodeEntry
        {
            Step = episode.Step,
            Environment = episode.Environment,
            Return = episode.Return,
            Length = episode.Length,
            Truncated = episode.Truncated,
        })],
    };

    internal Trajectory ToBlock(int steps, int environments)
    {
        var block = new Trajectory
        {
            Experiment = Experiment,
            Producer = Producer,
            Sequence = Sequence,
            Slot = Slot,
            Steps = (uint)steps,
            Environments = (uint)environments,
            PolicyVersion = PolicyVersion,
            BrokenEnvironments = BrokenEnvironments,
        };
        block.Episodes.AddRange(Episodes.Select(episode => new Episode
        {
            Step = episode.Step,
            Environment = episode.Environment,
            Return = episode.Return,
            Length = episode.Length,
            Truncated = episode.Truncated,
        }));
        return block;
    }
}

/// <summary>A finished episode of a block, as <see cref="Episode"/>.</summary>
public sealed record EpisodeEntry
{
    /// <summary>Step of the block after which it ended.</summary>
    public required uint Step { get; init; }

    /// <summary>Environment of the block.</summary>
    public required uint Environment { get; init; }

    /// <summary>Sum of raw rewards.</summary>
    public required double Return { get; init; }

    /// <summary>In steps.</summary>
    public uint Length { get; init; }

    /// <summary>A time limit cut it.</summary>
    public bool Truncated { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReplayIndex))]
internal sealed partial class ReplayIndexJson : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(IReadOnlyList<BlockEntry>))]
internal sealed partial class BlockEntryJson : JsonSerializerContext;
