using Rapid.Protocol.V1;

namespace Rapid.Replay.Tables;

/// <summary>What Redis knows of a table.</summary>
internal sealed record RecoveredTable(
    TableDefinition Definition,
    string Incarnation,
    string? Signature,
    ulong NextId,
    long InsertedSteps,
    IReadOnlyList<(ulong Id, int Steps, int Bytes)> Blocks,
    IReadOnlyDictionary<string, ulong> Producers)
{
    /// <summary>The highest priority so far.</summary>
    public double HighestPriority { get; init; } = 1;

    /// <summary>Priorities that items were given; those of all others are not known.</summary>
    public IReadOnlyList<(ulong Block, int Index, double Priority)> Priorities { get; init; } = [];
}
