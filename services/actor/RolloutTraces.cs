using System.Diagnostics;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Follows some blocks from their first step on. Where no traces are sent it does nothing.</summary>
/// <param name="experiment">Whose blocks.</param>
/// <param name="ratio">Part of the blocks.</param>
internal sealed class RolloutTraces(string experiment, double ratio)
{
    private static readonly ActivitySource Source = new("Rapid.Actor");

    /// <summary>Begins a block.</summary>
    /// <param name="slot">Who makes it.</param>
    /// <param name="snapshot">The policy that acts in it.</param>
    /// <returns>Null when it is not followed.</returns>
    public Activity? Begin(uint slot, PolicySnapshot snapshot)
    {
        if (!Source.HasListeners() || Random.Shared.NextDouble() >= ratio)
        {
            return null;
        }

        return BlockTraces.Start(Source, "rapid.rollout", ActivityKind.Producer, [snapshot.Traceparent])
            ?.SetTag("rapid.experiment", experiment)
            .SetTag("rapid.slot", slot)
            .SetTag("rapid.policy_version", snapshot.Version);
    }
}
