using Rapid.Environments.MuJoCo.Simulation;
using Rapid.Environments.Rendering;

namespace Rapid.Environments.MuJoCo;

/// <summary>
/// An environment whose step is MuJoCo's physics between two halves, so that whoever steps many can do the physics of all of them in one
/// native call. The first half writes the controls into the simulation, the second reads from it.
/// </summary>
internal interface IPhysicsEnvironment : IHalvedEnvironment
{
    /// <summary>What lies between the halves.</summary>
    PhysicsStep Physics { get; }

    /// <inheritdoc/>
    IStepMiddle? IHalvedEnvironment.Middle => Physics;

    /// <inheritdoc/>
    IRenderable? IEnvironment.Renderable => new PhysicsScene(Physics, GetType().Name);
}
