using System.Globalization;
using Rapid.Core;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.MuJoCo;

/// <summary>
/// A task on MuJoCo with Gymnasium's semantics: the control is held for a number of physics steps, no forward evaluation follows them, so
/// that what is derived from positions is as old as the last one, and costs are charged for the action as it was given although the physics
/// clamps it.
/// </summary>
public abstract class MuJoCoEnvironment : IEnvironment, IPhysicsEnvironment
{
    private readonly double[] _startPositions;
    private readonly double[] _positionBuffer;
    private readonly double[] _velocityBuffer;
    private readonly MuJoCoArray _bodyPositions;
    private readonly int _frameSkip;
    private readonly bool _contactForces;
    private double[] _observation = [];
    private double[] _info = [];
    private double _squaredControl;

    /// <summary>Loads the model. What derives must call <see cref="SetLayout"/> once it has seen it.</summary>
    /// <param name="bundledModel">File of the model unless the options name one.</param>
    /// <param name="options">Of the task.</param>
    /// <param name="contactForces">Whether the task reads "cfrc_ext", which costs an evaluation a step.</param>
    private protected MuJoCoEnvironment(string bundledModel, MuJoCoOptions options, bool contactForces = false)
    {
        var model = options.XmlFile is { } path ? MuJoCoModel.OfFile(path) : MuJoCoModel.Bundled(bundledModel);
        ActionSpace = ControlRanges(model);
        Simulation = new MuJoCoSimulation(model);
        (_frameSkip, _contactForces) = (options.FrameSkip, contactForces);
        _startPositions = model.Array("qpos0");
        _positionBuffer = new double[_startPositions.Length];
        _velocityBuffer = new double[Simulation.Velocities.Count];
        _bodyPositions = Simulation.State("xpos");
        PhysicsSeconds = MuJoCoNative.Timestep(model);
    }

    /// <inheritdoc/>
    public Space ObservationSpace { get; private set; } = BoxSpace.Unbounded(0);

    /// <inheritdoc/>
    public Space ActionSpace { get; }

    /// <summary>Names of what <see cref="Info"/> holds, as Gymnasium's info has them.</summary>
    public IReadOnlyList<string> InfoNames { get; private set; } = [];

    /// <summary>Parts of the last step's reward and where it led, by <see cref="InfoNames"/>; zeros after a reset.</summary>
    public ReadOnlySpan<double> Info => _info;

    /// <summary>Generalised positions, [nq].</summary>
    internal ReadOnlySpan<double> Positions => Simulation.Positions.Span;

    /// <summary>Generalised velocities, [nv].</summary>
    internal ReadOnlySpan<double> Velocities => Simulation.Velocities.Span;

    /// <summary>The newest observation before it is rounded to single precision, [obs].</summary>
    internal ReadOnlySpan<double> PreciseObservation => _observation;

    internal MuJoCoSimulation Simulation { get; }

    internal MuJoCoModel Model => Simulation.Model;

    /// <summary>Simulated seconds per physics step.</summary>
    private protected double PhysicsSeconds { get; }

    /// <summary>Simulated seconds per environment step.</summary>
    private protected double StepSeconds => PhysicsSeconds * _frameSkip;

    /// <summary>The model's default positions, [nq].</summary>
    private protected ReadOnlySpan<double> StartPositions => _startPositions;

    /// <inheritdoc/>
    public void Reset(RandomStream random, Span<float> observation)
    {
        ArgumentNullException.ThrowIfNull(random);
        _startPositions.CopyTo(_positionBuffer, 0);
        _velocityBuffer.AsSpan().Clear();
        AddResetNoise(random, _positionBuffer, _velocityBuffer);
        SetState(_positionBuffer, _velocityBuffer);
        Publish(observation);
    }

    /// <inheritdoc/>
    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        Begin(action);
        Simulation.Step(_frameSkip, _contactForces);
        return End(Simulation.Breakdown, observation);
    }

    /// <summary>A copy of this moment, from which steps and rewards go on bit for bit.</summary>
    public MuJoCoState SaveState()
    {
        var copy = new MuJoCoSimulation(Model);
        copy.CopyFrom(Simulation);
        return new MuJoCoState(copy, [.. _info]);
    }

    /// <summary>Goes back to a moment of this environment, or to one of another with the same model.</summary>
    /// <param name="state">Not owned, and not changed.</param>
    /// <param name="observation">[obs], overwritten.</param>
    /// <exception cref="ArgumentException">The state is of another model.</exception>
    public void RestoreState(MuJoCoState state, Span<float> observation)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Simulation.Model != Model)
        {
            throw new ArgumentException($"the state is one of '{state.Simulation.Model.Source}', not of '{Model.Source}'", nameof(state));
        }

        Simulation.CopyFrom(state.Simulation);
        state.Info.CopyTo(_info, 0);
        Publish(observation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Simulation.Dispose();
        GC.SuppressFinalize(this);
    }

    PhysicsStep IPhysicsEnvironment.Physics => new PhysicsStep(Simulation, _frameSkip, _contactForces);

    void IHalvedEnvironment.Begin(ReadOnlySpan<float> action) => Begin(action);

    StepResult IHalvedEnvironment.End(string? breakdown, Span<float> observation) => End(breakdown, observation);

    /// <summary>Puts the simulation into a state and evaluates it once.</summary>
    internal void SetState(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        Simulation.Reset(positions, velocities);
        _info.AsSpan().Clear();
        Observe(_observation);
    }

    /// <summary>Adds the start state's noise to the model's default state.</summary>
    private protected abstract void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities);

    /// <summary>Remembers what <see cref="Score"/> needs of the state before the step.</summary>
    private protected virtual void BeforeStep()
    {
    }

    /// <summary>Reward and end of the step just made; tells its parts to <see cref="Report"/>.</summary>
    /// <param name="squaredControl">Sum of squares of the raw action.</param>
    private protected abstract (double Reward, bool Terminated) Score(double squaredControl);

    /// <summary>Writes the observation, [obs].</summary>
    private protected abstract void Observe(Span<double> observation);

    /// <summary>Says how many numbers an observation has, and what <see cref="Report"/> will tell.</summary>
    private protected void SetLayout(int observationSize, params string[] infoNames)
    {
        (_observation, _info) = (new double[observationSize], new double[infoNames.Length]);
        (ObservationSpace, InfoNames) = (BoxSpace.Unbounded(observationSize), infoNames);
    }

    /// <summary>Values of <see cref="Info"/>, in its order.</summary>
    private protected void Report(params ReadOnlySpan<double> values) => values.CopyTo(_info);

    /// <summary>What of <see cref="Info"/> comes after the first few, to be written.</summary>
    private protected Span<double> InfoFrom(int first) => _info.AsSpan(first);

    /// <summary>Number of a body.</summary>
    /// <exception cref="ArgumentException">The model has none of that name.</exception>
    private protected int FindBody(string name) => MuJoCoNative.Id(Model, MuJoCoObject.Body, name) is >= 0 and var body
        ? body
        : throw new ArgumentException($"the model '{Model.Source}' has no body '{name}', which {GetType().Name} needs");

    /// <summary>Refuses a model that is too small for the task.</summary>
    /// <exception cref="ArgumentException">It has fewer.</exception>
    private protected void RequireDegrees(int positions, int velocities)
    {
        Require("positions (nq)", positions, Positions.Length);
        Require("velocities (nv)", velocities, Velocities.Length);
    }

    /// <summary>Refuses a model with too few of something.</summary>
    /// <exception cref="ArgumentException">It has fewer.</exception>
    private protected void Require(string what, int needed, int present)
    {
        if (present < needed)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"the model '{Model.Source}' has {present} {what}; {GetType().Name} needs {needed} at least"));
        }
    }

    /// <summary>Where a body's frame was at the last evaluation, [3] metres.</summary>
    private protected ReadOnlySpan<double> PositionOf(int body) => _bodyPositions.Span.Slice(3 * body, 3);

    private protected static double Distance(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var (x, y, z) = (a[0] - b[0], a[1] - b[1], a[2] - b[2]);
        return Math.Sqrt(x * x + y * y + z * z);
    }

    private protected static void AddUniform(RandomStream random, double halfWidth, Span<double> values)
    {
        foreach (ref var value in values)
        {
            value += random.NextUniform(-halfWidth, halfWidth);
        }
    }

    private protected static void AddNormal(RandomStream random, double deviation, Span<double> values)
    {
        foreach (ref var value in values)
        {
            value += deviation * random.NextNormal();
        }
    }

    private static BoxSpace ControlRanges(MuJoCoModel model)
    {
        var (range, isLimited) = (model.Array("actuator_ctrlrange"), model.Array("actuator_ctrllimited"));
        if (isLimited.Length == 0 || isLimited.Contains(0))
        {
            var what = isLimited.Length == 0 ? "no actuators"
                : $"no range for actuator {Array.IndexOf(isLimited, 0)} (ctrllimited, ctrlrange)";
            throw new ArgumentException($"the model '{model.Source}' has {what}, so that there are no actions");
        }

        return new BoxSpace(
            [.. Enumerable.Range(0, isLimited.Length).Select(i => (float)range[2 * i])],
            [.. Enumerable.Range(0, isLimited.Length).Select(i => (float)range[2 * i + 1])]);
    }

    /// <summary>The half of a step before the physics: remembers what the score needs and tells the actuators.</summary>
    private void Begin(ReadOnlySpan<float> action)
    {
        BeforeStep();
        _squaredControl = 0;
        var controls = Simulation.Controls.Span;
        for (var i = 0; i < controls.Length; i++)
        {
            controls[i] = action[i];
            _squaredControl += controls[i] * controls[i];
        }
    }

    /// <summary>The half of a step after the physics.</summary>
    private StepResult End(string? breakdown, Span<float> observation)
    {
        if (breakdown is not null)
        {
            // MuJoCo may have put the default state in the place of a bad one: the last observation of this episode stays the last.
            Round(observation);
            return StepResult.Broken(breakdown);
        }

        var (reward, terminated) = Score(_squaredControl);
        Publish(observation);
        return new StepResult(reward, terminated);
    }

    private void Publish(Span<float> observation)
    {
        Observe(_observation);
        Round(observation);
    }

    private void Round(Span<float> observation)
    {
        for (var i = 0; i < _observation.Length; i++)
        {
            observation[i] = (float)_observation[i];
        }
    }
}
