namespace Rapid.Environments.MuJoCo.Simulation;

/// <summary>
/// One simulation of a model: a state of its own, whose arrays are read and written where MuJoCo keeps them. Not thread-safe; simulations
/// that share a model may run on different threads.
/// </summary>
internal sealed class MuJoCoSimulation : IDisposable
{
    private readonly MuJoCoData _data;
    private readonly PhysicsStep[] _step = new PhysicsStep[1];
    private readonly PhysicsBatch _alone;

    /// <summary>Makes a simulation in the model's default state.</summary>
    /// <param name="model">Shared, not owned.</param>
    public MuJoCoSimulation(MuJoCoModel model)
    {
        Model = model;
        _data = MuJoCoData.Create(model);
        _alone = new PhysicsBatch(_step);
        (Positions, Velocities, Controls) = (State("qpos"), State("qvel"), State("ctrl"));
    }

    public MuJoCoModel Model { get; }

    /// <summary>The whole state, for native code.</summary>
    public MuJoCoData Data => _data;

    /// <summary>Generalised positions, [nq].</summary>
    public MuJoCoArray Positions { get; }

    /// <summary>Generalised velocities, [nv].</summary>
    public MuJoCoArray Velocities { get; }

    /// <summary>
    /// What the actuators are told, [nu]; MuJoCo clamps it to their ranges where they have one, and leaves it here as it was given.
    /// </summary>
    public MuJoCoArray Controls { get; }

    /// <summary>Contacts that the last evaluation found.</summary>
    public int ContactCount => MuJoCoNative.ContactCount(_data);

    /// <summary>Why the last step was no simulation any more, in MuJoCo's words; null when all is well.</summary>
    public string? Breakdown => _alone.Breakdown(0);

    /// <summary>Model and state for native code; valid while this lives.</summary>
    /// <exception cref="ObjectDisposedException">It does not any more.</exception>
    public (nint Model, nint Data) Pointers
    {
        get
        {
            ObjectDisposedException.ThrowIf(_data.IsClosed, this);
            return (Model.DangerousGetHandle(), _data.DangerousGetHandle());
        }
    }

    /// <summary>
    /// An array of doubles of mjData by its MuJoCo name: "xpos", "cfrc_ext". As old as the last evaluation of the dynamics.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public MuJoCoArray State(string name) =>
        MuJoCoNative.State(Model, _data, name, out var values, out var count) != 0
            ? new MuJoCoArray(values, count)
            : throw new KeyNotFoundException($"MuJoCo's state has no array of numbers '{name}'");

    /// <summary>Starts from the model's defaults with these positions [nq] and velocities [nv], evaluated once.</summary>
    /// <exception cref="MuJoCoException">MuJoCo failed inside.</exception>
    public void Reset(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities) =>
        MuJoCoNative.Check(MuJoCoNative.Reset(Model, _data, positions, velocities), "cannot reset the simulation");

    /// <summary>
    /// Physics steps under the present controls. What is derived from positions and velocities is then as old as the last evaluation, which
    /// came before the last integration.
    /// </summary>
    /// <param name="frames">Steps.</param>
    /// <param name="contactForces">Whether "cfrc_ext" is computed afterwards.</param>
    /// <returns>False when the state is no simulation any more, until the next reset.</returns>
    public bool Step(int frames, bool contactForces = false)
    {
        _step[0] = new PhysicsStep(this, frames, contactForces);
        _alone.Run(0, 1);
        return Breakdown is null;
    }

    /// <summary>
    /// Physics steps under the present controls, after which what is derived from positions and velocities is that of the new state; forces
    /// and accelerations are those that led to it. The state before must have been evaluated: by a reset, this, or <see cref="Evaluate"/>.
    /// </summary>
    /// <param name="frames">Steps, at least 1.</param>
    /// <returns>False when the state is no simulation any more, until the next reset.</returns>
    public bool StepToCurrent(int frames)
    {
        _step[0] = new PhysicsStep(this, frames, ToCurrent: true);
        _alone.Run(0, 1);
        return Breakdown is null;
    }

    /// <summary>Brings all that is derived up to date with positions, velocities and controls.</summary>
    /// <exception cref="MuJoCoException">MuJoCo failed inside.</exception>
    public void Evaluate() => MuJoCoNative.Check(MuJoCoNative.Forward(Model, _data), "cannot evaluate the simulation");

    /// <summary>Takes over the whole state of another simulation of this model.</summary>
    /// <exception cref="MuJoCoException">MuJoCo failed inside.</exception>
    public void CopyFrom(MuJoCoSimulation other) =>
        MuJoCoNative.Check(MuJoCoNative.Copy(Model, _data, other._data), "cannot copy the simulation");

    /// <inheritdoc/>
    public void Dispose() => _data.Dispose();
}

/// <summary>An array inside a simulation, valid as long as that is.</summary>
internal readonly unsafe struct MuJoCoArray(nint values, int count)
{
    public int Count => count;

    public Span<double> Span => new((void*)values, count);

    public ref double this[int index] => ref Span[index];
}
