using Rapid.Protocol.V1;

namespace Rapid.Replay.Limits;

/// <summary>
/// Producers wait while that many steps wait for a learner. A block is stored as soon as it comes, so that beyond its capacity a table holds
/// at most one block of each of them.
/// </summary>
/// <param name="capacity">Steps.</param>
internal sealed class QueueCapacity(ulong capacity) : Limiter
{
    private ulong _capacity = capacity;

    public override bool HasRoom => Inserted - Sampled < _capacity;

    public override bool CanSample(long steps) => Inserted - Sampled >= steps;

    public override void Limit(TableDefinition limits) => _capacity = limits.CapacitySteps;
}
