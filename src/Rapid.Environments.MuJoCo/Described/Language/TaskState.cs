using Rapid.Core;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Described;

/// <summary>What expressions are evaluated on: one environment.</summary>
/// <param name="simulation">Not owned.</param>
/// <param name="arrays">MuJoCo's names of the arrays that the task reads.</param>
/// <param name="values">Numbers that options, named values and values of before take.</param>
/// <param name="actions">Numbers of an action.</param>
internal sealed class TaskState(MuJoCoSimulation simulation, IEnumerable<string> arrays, int values, int actions)
{
    /// <summary>For values that depend on nothing.</summary>
    public static readonly TaskState None = new(null!, [], 0, 0);

    public MuJoCoSimulation Simulation => simulation;

    /// <summary>In the order of the task's names.</summary>
    public MuJoCoArray[] Arrays { get; } = [.. arrays.Select(name => simulation.State(name))];

    /// <summary>Options, named values, values of before.</summary>
    public double[] Values { get; } = new double[values];

    /// <summary>[act], as the policy gave it; zeros before the first step of an episode.</summary>
    public double[] Action { get; } = new double[actions];

    /// <summary>Seconds since the episode began.</summary>
    public double Time { get; set; }

    /// <summary>Where a reset draws from.</summary>
    public RandomStream Random { get; set; } = null!;

    /// <summary>Everything but the simulation's own state.</summary>
    public double[] Save() => [.. Values, .. Action, Time];

    /// <summary>Takes over what another state saved; false when it is not one of this task.</summary>
    public bool TryRestore(double[] saved)
    {
        if (saved.Length != Values.Length + Action.Length + 1)
        {
            return false;
        }

        saved.AsSpan(0, Values.Length).CopyTo(Values);
        saved.AsSpan(Values.Length, Action.Length).CopyTo(Action);
        Time = saved[^1];
        return true;
    }
}
