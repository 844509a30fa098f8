using Rapid.Agents;
using Rapid.Environments;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Actor;

/// <summary>Steps the environments of one slot with a policy and writes blocks of what an algorithm learns from.</summary>
public interface ICollector : IDisposable
{
    /// <summary>Collects one block.</summary>
    /// <param name="snapshot">The policy that acts in all of it.</param>
    /// <param name="cancellation">Checked at every step.</param>
    /// <returns>
    /// The block without its address; null when an environment broke, in which case the block is lost and the next begins afresh.
    /// </returns>
    /// <exception cref="InvalidDataException">The snapshot is for another network.</exception>
    Trajectory? Collect(PolicySnapshot snapshot, CancellationToken cancellation);

    /// <summary>Time that the policy took of the last block, estimated from one of its steps.</summary>
    TimeSpan Inference { get; }

    /// <summary>Why the last block was lost; overwritten by the next.</summary>
    IReadOnlyList<Breakdown> Breakdowns { get; }

    /// <summary>The collector of an experiment's algorithm.</summary>
    /// <param name="options">The experiment.</param>
    /// <param name="slot">Whose random streams.</param>
    /// <param name="life">Tells workers of a slot apart that begin at the same step; 0 where they must not differ.</param>
    /// <param name="watch">Is told of every call of the environments; null when nobody waits for them.</param>
    static ICollector Create(ExperimentOptions options, uint slot, ulong life = 0, CallWatch? watch = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        IEnvironment Make() => EnvironmentFactory.Create(options.Environment);
        return AgentRegistry.Of(options).Recording.AreTransitions
            ? new TransitionCollector(options, slot, Make, life, watch)
            : new RolloutCollector(options, slot, Make, life, watch);
    }
}
