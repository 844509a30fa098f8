using System.Text.Json.Serialization;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tables;

/// <summary>What a table is besides its blocks, and where those are: <c>table.json</c>.</summary>
internal sealed record TableState
{
    public const string CurrentFormat = "rapid-replay-2";

    public required string Format { get; init; }

    /// <summary>The definition in protobuf's JSON form.</summary>
    public required string Definition { get; init; }

    public required string? Signature { get; init; }

    /// <summary>The id of the next block.</summary>
    public required ulong NextId { get; init; }

    /// <summary>Environment steps stored in the table's life.</summary>
    public required long InsertedSteps { get; init; }

    /// <summary>Transitions drawn, as the rate limiter counts them.</summary>
    public required double SampledTransitions { get; init; }

    /// <summary>The highest priority so far.</summary>
    public required double HighestPriority { get; init; }

    /// <summary>State of the random stream that items are drawn with.</summary>
    public required ulong[] Random { get; init; }

    /// <summary>The newest sequence stored of each producer.</summary>
    public required IReadOnlyDictionary<string, ulong> Producers { get; init; }

    /// <summary>Files of blocks, oldest first.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];
}

/// <summary>A block of a checkpoint.</summary>
/// <param name="Id">Its id in the table.</param>
/// <param name="Slot">Its place in the table: what is drawn depends on it.</param>
/// <param name="Block">Its content.</param>
/// <param name="Weights">priority ^ alpha of its items; empty when they have none.</param>
internal sealed record SavedBlock(ulong Id, int Slot, Trajectory Block, double[] Weights);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TableState))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
