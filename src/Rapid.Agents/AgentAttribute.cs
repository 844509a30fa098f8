namespace Rapid.Agents;

/// <summary>Makes an agent of this assembly known: <c>[assembly: Agent&lt;PpoAgent&gt;]</c> in the agent's own file.</summary>
/// <typeparam name="TAgent">The agent.</typeparam>
public sealed class AgentAttribute<TAgent> : AgentAttribute
    where TAgent : Agent, new()
{
    /// <inheritdoc/>
    internal override Agent Create() => new TAgent();
}

/// <summary>What all <see cref="AgentAttribute{TAgent}"/> are found by.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public abstract class AgentAttribute : Attribute
{
    private protected AgentAttribute()
    {
    }

    /// <summary>Makes the agent.</summary>
    internal abstract Agent Create();
}
