using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Rendering;

/// <summary>Any environment on MuJoCo, drawn as its simulation.</summary>
/// <param name="physics">What a step of it is.</param>
/// <param name="task">Its name, for tasks that have a view of their own.</param>
internal sealed class PhysicsScene(PhysicsStep physics, string task) : IRenderable
{
    /// <inheritdoc/>
    public double StepsPerSecond => 1 / (MuJoCoNative.Timestep(physics.Simulation.Model) * physics.Frames);

    /// <inheritdoc/>
    public double AspectRatio => 1;

    /// <inheritdoc/>
    public IRenderer CreateRenderer(RenderOptions options) =>
        new MuJoCoRenderer(physics.Simulation, CameraView.Of(physics.Simulation, task), options);
}
