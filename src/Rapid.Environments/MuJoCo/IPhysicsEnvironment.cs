using Rapid.Environments.Rendering;

namespace Rapid.Environments.MuJoCo;

/// <summary>
/// An environment whose step is MuJoCo's physics between two halves, so that whoever steps many can do the physics of all of them in one
/// native call. <see cref="IEnvironment.Step"/> does the same for one.
/// </summary>
internal interface IPhysicsEnvironment : IEnvironment
{
    /// <summary>What lies between the halves, the same in every step; null when there are none, as in a wrapper around another
    /// kind.</summary>
    PhysicsStep? Physics { get; }

    /// <inheritdoc/>
    IRenderable? IEnvironment.Renderable => Physics is { } physics ? new PhysicsScene(physics, GetType().Name) : this as IRenderable;

    /// <summary>Writes the controls into the simulation.</summary>
    /// <param name="action">[act].</param>
    void Begin(ReadOnlySpan<float> action);

    /// <summary>Reads from the simulation what the step brought.</summary>
    /// <param name="breakdown">Why the simulation is none any more; null when all is well.</param>
    /// <param name="observation">[obs], overwritten.</param>
    StepResult End(string? breakdown, Span<float> observation);
}
