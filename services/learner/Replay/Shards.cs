using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>
/// A table that is spread over several replay services. Each service, a shard, has a whole table of that name with its part of the limits,
/// and knows nothing of the others: what is lost with one is that part alone, and nobody has to agree on anything.
/// </summary>
/// <remarks>
/// Slot i belongs to shard i mod S for as long as a life of the run lasts, also while that shard is away: its blocks carry names, so that a
/// shard stores each once, which holds only where a block never tries another shard. Actors of a shard that is away wait; all others go on.
/// Other shards are another life (<see cref="RunShards"/>): every slot begins anew then, so that any of them may go to any shard.
/// </remarks>
internal static class Shards
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Those that a run uses: each has a slot. Lockstep has one order of everything, and so one service, as an offline run has.
    /// </summary>
    /// <param name="shards">All that there are.</param>
    /// <param name="spec">The run.</param>
    /// <param name="first">The first that it used before: who uses one stays there while it is there.</param>
    public static IReadOnlyList<Shard> ChooseFor(IReadOnlyList<Shard> shards, ExperimentOptions spec, string first) =>
        spec.Lockstep || spec.Offline
            ? [shards.FirstOrDefault(shard => shard.Name == first) ?? shards[0]]
            : [.. shards.Take(spec.Actors.Count)];

    /// <summary>A shard's part of a table.</summary>
    /// <param name="whole">The table as if there were one service.</param>
    /// <param name="shard">Which shard.</param>
    /// <param name="count">Of how many (S).</param>
    /// <param name="slots">Actor slots, of which each shard has every S-th.</param>
    public static TableDefinition PartOf(TableDefinition whole, int shard, int count, int slots)
    {
        var own = (slots - shard + count - 1) / count;
        ulong Part(ulong steps) => (steps * (ulong)own + (ulong)slots - 1) / (ulong)slots;
        var part = whole.Clone();
        part.CapacitySteps = Part(whole.CapacitySteps);
        part.MinimumSteps = Part(whole.MinimumSteps);
        return part;
    }

    /// <summary>Does something with every shard at once; returns when all have done it, or some and the others seem to be away.</summary>
    /// <param name="shards">S operations, which wait while their shard is away.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task ReachAsync(IEnumerable<Func<CancellationToken, Task>> shards, CancellationToken cancellation)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] tries = [.. shards.Select(shard => shard(late.Token))];
        await await Task.WhenAny(tries);
        late.CancelAfter(Patience);
        foreach (var each in tries)
        {
            try
            {
                await each;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // This one is away, and is asked again when it is needed.
            }
        }
    }
}
