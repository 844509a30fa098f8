namespace Rapid.Environments.MuJoCo.Simulation;

/// <summary>A moment of a MuJoCo environment, to which it can go back. Holds a whole simulation, so dispose what is not needed.</summary>
public sealed class MuJoCoState : IDisposable
{
    internal MuJoCoState(MuJoCoSimulation simulation, double[] info) => (Simulation, Info) = (simulation, info);

    internal MuJoCoSimulation Simulation { get; }

    internal double[] Info { get; }

    /// <inheritdoc/>
    public void Dispose() => Simulation.Dispose();
}
