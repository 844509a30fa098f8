using Grpc.Core;
using Rapid.Core.Plugins;

namespace Rapid.Replay.Selection;

/// <summary>
/// Makes a selector of this assembly known, by the name that a table's definition says:
/// <c>[assembly: Selector&lt;OldestSelector&gt;("oldest")]</c> in the selector's own file.
/// </summary>
/// <typeparam name="TSelector">The selector; it has a public constructor that takes a <see cref="SelectorContext"/>.</typeparam>
/// <param name="name">A letter, then letters, digits, '_' and '-'; at most 100.</param>
public sealed class SelectorAttribute<TSelector>(string name) : SelectorAttribute(name, typeof(TSelector))
    where TSelector : Selector;

/// <summary>What all <see cref="SelectorAttribute{TSelector}"/> are found by.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public abstract class SelectorAttribute : Attribute
{
    private protected SelectorAttribute(string name, Type type) => (Name, Type) = (name, type);

    /// <summary>What a table's definition calls it.</summary>
    public string Name { get; }

    /// <summary>Bytes of the selector's own for each block that the table may hold: they count as the table's memory.</summary>
    public int BytesPerSlot { get; set; }

    /// <summary>Whether its items have priorities.</summary>
    internal bool HasPriorities => Type.IsAssignableTo(typeof(PrioritySelector));

    /// <summary>Which class it is.</summary>
    internal Type Type { get; }

    /// <summary>Bytes of a selector; null when it cannot choose among so many items.</summary>
    internal long? BytesFor(int slots, int itemsPerSlot)
    {
        var leaves = HasPriorities ? PrioritySelector.LeavesFor(slots, itemsPerSlot) : 0;
        return leaves > SumTree.MostLeaves ? null : (long)BytesPerSlot * slots + (HasPriorities ? SumTree.BytesFor(leaves) : 0);
    }

    /// <summary>Makes one.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION: its constructor threw.</exception>
    internal Selector Make(SelectorContext context)
    {
        try
        {
            return (Selector)Activator.CreateInstance(Type, context)!;
        }
        catch (Exception error)
        {
            throw new RpcException(new Status(
                StatusCode.FailedPrecondition,
                $"table '{context.Table}': its selector '{Name}' cannot be made: {PluginAssemblies.CauseOf(error)}"));
        }
    }
}
