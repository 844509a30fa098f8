using Rapid.Core;
using Rapid.Environments.MuJoCo;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Described;

/// <summary>
/// An environment that a task description makes of a MuJoCo model. What is seen and rewarded after a step is that of the state then: unlike
/// in Gymnasium's environments, what is derived from positions and velocities is evaluated once more, as in the DeepMind Control Suite.
/// </summary>
public sealed class TaskEnvironment : IEnvironment, IPhysicsEnvironment
{
    /// <summary>States in a row that a reset may reject.</summary>
    public const int MostRejections = 1000;

    private const int Free = 0, Ball = 1, Hinge = 3;

    private readonly TaskDescription _task;
    private readonly MuJoCoSimulation _simulation;
    private readonly double[] _startPositions;
    private readonly double[] _startVelocities;
    private readonly StateTargets _targets;
    private readonly float[] _observation;

    /// <summary>Makes an environment without a time limit.</summary>
    /// <param name="task">Shared, not owned.</param>
    /// <param name="options">Other values of the task's options.</param>
    internal TaskEnvironment(TaskDescription task, IReadOnlyDictionary<string, double> options)
    {
        _task = task;
        _simulation = new MuJoCoSimulation(task.Model);
        _startPositions = task.Model.Array("qpos0");
        _startVelocities = new double[_simulation.Velocities.Count];

        // Whoever draws it before its first episode finds the bodies in their places.
        _simulation.Reset(_startPositions, _startVelocities);
        State = new TaskState(_simulation, task.Arrays, task.SlotCount, task.Actions.Size);
        _targets = new StateTargets(_simulation, task.Reset.Set);
        foreach (var (name, value, slot) in task.Options)
        {
            State.Values[slot.Start] = options.GetValueOrDefault(name, value);
        }

        _observation = new float[task.ObservationSize];
        ObservationSpace = BoxSpace.Unbounded(task.ObservationSize);
    }

    /// <inheritdoc/>
    public Space ObservationSpace { get; }

    /// <inheritdoc/>
    public Space ActionSpace => _task.Actions;

    internal MuJoCoSimulation Simulation => _simulation;

    internal TaskState State { get; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">All states that were drawn were rejected.</exception>
    public void Reset(RandomStream random, Span<float> observation)
    {
        ArgumentNullException.ThrowIfNull(random);
        State.Random = random;
        State.Time = 0;
        State.Action.AsSpan().Clear();
        var rejections = 0;
        while (!TryStart())
        {
            if (++rejections == MostRejections)
            {
                throw new InvalidOperationException(
                    $"{_task.File}: {MostRejections} states in a row were rejected by reset.reject or broke down while they settled");
            }
        }

        // Values of before may be made of named values and these of those: the second round sees both.
        Remember();
        Compute();
        Remember();
        Compute();
        Observe(observation);
    }

    /// <inheritdoc/>
    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        Begin(action);
        _simulation.StepToCurrent(_task.FrameSkip);
        return End(_simulation.Breakdown, observation);
    }

    /// <summary>A copy of this moment, from which steps and rewards go on bit for bit.</summary>
    public MuJoCoState SaveState()
    {
        var copy = new MuJoCoSimulation(_task.Model);
        copy.CopyFrom(_simulation);
        return new MuJoCoState(copy, State.Save());
    }

    /// <summary>Goes back to a moment of this environment, or to one of another of this task.</summary>
    /// <param name="state">Not owned, and not changed.</param>
    /// <param name="observation">[obs], overwritten.</param>
    /// <exception cref="ArgumentException">The state is of another task.</exception>
    public void RestoreState(MuJoCoState state, Span<float> observation)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Simulation.Model != _task.Model || !State.TryRestore(state.Info))
        {
            throw new ArgumentException($"the state is one of '{state.Simulation.Model.Source}', not of this task", nameof(state));
        }

        _simulation.CopyFrom(state.Simulation);
        Observe(observation);
    }

    /// <inheritdoc/>
    public void Dispose() => _simulation.Dispose();

    PhysicsStep IPhysicsEnvironment.Physics => new PhysicsStep(_simulation, _task.FrameSkip, ToCurrent: true);

    void IHalvedEnvironment.Begin(ReadOnlySpan<float> action) => Begin(action);

    StepResult IHalvedEnvironment.End(string? breakdown, Span<float> observation) => End(breakdown, observation);

    /// <summary>The half of a step before the physics.</summary>
    private void Begin(ReadOnlySpan<float> action)
    {
        Remember();
        for (var i = 0; i < State.Action.Length; i++)
        {
            State.Action[i] = action[i];
        }

        if (_task.Control is { } control)
        {
            control.CopyTo(_simulation.Controls.Span, State);
        }
        else
        {
            State.Action.CopyTo(_simulation.Controls.Span);
        }
    }

    /// <summary>The half of a step after the physics.</summary>
    private StepResult End(string? breakdown, Span<float> observation)
    {
        if (breakdown is not null)
        {
            // MuJoCo may have put the default state in the place of a bad one: the last observation of this episode stays the last.
            _observation.CopyTo(observation);
            return StepResult.Broken(breakdown);
        }

        State.Time += _task.StepSeconds;
        Compute();
        var reward = 0.0;
        foreach (var term in _task.Reward)
        {
            reward += term.Value.At(0, State);
        }

        Observe(observation);
        return new StepResult(reward, Terminated: _task.Terminated?.At(0, State) is not (null or 0));
    }

    /// <summary>Draws a state; false when it has to be another one.</summary>
    private bool TryStart()
    {
        _simulation.Reset(_startPositions, _startVelocities);
        var rules = _task.Reset;
        if (rules.ScatterLimited)
        {
            Scatter(rules.ScatterTurning);
        }

        foreach (var value in rules.Draw)
        {
            value.Value.CopyTo(Of(value.Slot), State);
        }

        _targets.Set(State);
        _simulation.Evaluate();
        return (rules.SettleSteps == 0 || _simulation.StepToCurrent(rules.SettleSteps)) && rules.Reject?.At(0, State) is null or 0;
    }

    private void Scatter(bool turning)
    {
        var positions = _simulation.Positions.Span;
        foreach (var (address, type, isLimited, low, high) in _task.Joints)
        {
            if (type is Free or Ball)
            {
                if (turning)
                {
                    Turn(positions.Slice(address + (type == Free ? 3 : 0), 4));
                }
            }
            else if (isLimited)
            {
                positions[address] = State.Random.NextUniform(low, high);
            }
            else if (turning && type == Hinge)
            {
                positions[address] = State.Random.NextUniform(-Math.PI, Math.PI);
            }
        }
    }

    /// <summary>Uniform among all orientations: four normal numbers, scaled to length 1.</summary>
    private void Turn(Span<double> quaternion)
    {
        var squares = 0.0;
        foreach (ref var element in quaternion)
        {
            element = State.Random.NextNormal();
            squares += element * element;
        }

        foreach (ref var element in quaternion)
        {
            element /= Math.Sqrt(squares);
        }
    }

    private void Remember()
    {
        foreach (var (value, slot) in _task.Before)
        {
            value.CopyTo(Of(slot), State);
        }
    }

    private void Compute()
    {
        foreach (var value in _task.Values)
        {
            value.Value.CopyTo(Of(value.Slot), State);
        }
    }

    private void Observe(Span<float> observation)
    {
        var at = 0;
        foreach (var term in _task.Observation)
        {
            for (var i = 0; i < term.Value.Size; i++)
            {
                _observation[at++] = (float)term.Value.At(i, State);
            }
        }

        _observation.CopyTo(observation);
    }

    private Span<double> Of(Slot slot) => State.Values.AsSpan(slot.Start, slot.Size);
}

/// <summary>Parts of a simulation's state that a reset sets.</summary>
internal sealed class StateTargets(MuJoCoSimulation simulation, IReadOnlyList<(StateSlice Target, Node Value)> targets)
{
    private readonly (MuJoCoArray Array, StateSlice Target, Node Value)[] _targets =
        [.. targets.Select(pair => (simulation.State(pair.Target.Array), pair.Target, pair.Value))];

    /// <summary>In order, so that later ones see earlier ones.</summary>
    public void Set(TaskState state)
    {
        foreach (var (array, target, value) in _targets)
        {
            value.CopyTo(array.Span.Slice(target.Offset, target.Size), state);
        }
    }
}
