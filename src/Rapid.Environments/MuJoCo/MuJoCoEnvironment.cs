namespace Rapid.Environments.MuJoCo;

/// <summary>
/// A locomotion task on MuJoCo with Gymnasium's semantics: the control is held for a number of physics steps, no forward evaluation follows
/// them, and costs are charged for the action as it was given although the physics clamps it.
/// </summary>
public abstract class MuJoCoEnvironment : IEnvironment
{
    private readonly MuJoCoModel _model;
    private readonly MuJoCoData _data;
    private readonly nint _positions;
    private readonly nint _velocities;
    private readonly double[] _control;
    private readonly double[] _startPositions;
    private readonly double[] _positionBuffer;
    private readonly double[] _velocityBuffer;
    private readonly double[] _observation;
    private readonly int _frameSkip;

    private protected MuJoCoEnvironment(string modelFile, int frameSkip, int observationSize)
    {
        _model = MuJoCoModel.Bundled(modelFile);
        _data = MuJoCoData.Create(_model);
        _frameSkip = frameSkip;
        _startPositions = _model.Array("qpos0");
        _positionBuffer = new double[MuJoCoNative.PositionCount(_model)];
        _velocityBuffer = new double[MuJoCoNative.VelocityCount(_model)];
        _control = new double[MuJoCoNative.ControlCount(_model)];
        _observation = new double[observationSize];
        (_positions, _velocities) = (MuJoCoNative.Positions(_data), MuJoCoNative.Velocities(_data));
        StepSeconds = MuJoCoNative.Timestep(_model) * frameSkip;
        ObservationSpace = BoxSpace.Unbounded(observationSize);
        var range = _model.Array("actuator_ctrlrange");
        ActionSpace = new BoxSpace(
            [.. Enumerable.Range(0, _control.Length).Select(i => (float)range[2 * i])],
            [.. Enumerable.Range(0, _control.Length).Select(i => (float)range[2 * i + 1])]);
    }

    /// <inheritdoc/>
    public Space ObservationSpace { get; }

    /// <inheritdoc/>
    public Space ActionSpace { get; }

    /// <summary>Generalised positions, [nq].</summary>
    internal unsafe ReadOnlySpan<double> Positions => new((void*)_positions, _positionBuffer.Length);

    /// <summary>Generalised velocities, [nv].</summary>
    internal unsafe ReadOnlySpan<double> Velocities => new((void*)_velocities, _velocityBuffer.Length);

    /// <summary>The newest observation before it is rounded to single precision, [obs].</summary>
    internal ReadOnlySpan<double> PreciseObservation => _observation;

    internal MuJoCoModel Model => _model;

    /// <summary>Simulated seconds per environment step.</summary>
    private protected double StepSeconds { get; }

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
        var squares = 0.0;
        for (var i = 0; i < _control.Length; i++)
        {
            _control[i] = action[i];
            squares += _control[i] * _control[i];
        }

        var before = Positions[0];
        var status = MuJoCoNative.Step(_model, _data, _control, _frameSkip);
        var (reward, terminated) = Score((Positions[0] - before) / StepSeconds, squares);
        Publish(observation);
        return new StepResult(reward, terminated, Diverged: status != MuJoCoNative.Ok);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Puts the simulation into a state and evaluates it once.</summary>
    internal void SetState(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        MuJoCoNative.Check(MuJoCoNative.Reset(_model, _data, positions, velocities), "cannot reset the simulation");
        Observe(_observation);
    }

    /// <summary>Adds the start state's noise to the model's default state.</summary>
    private protected abstract void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities);

    /// <summary>Writes the observation, [obs].</summary>
    private protected abstract void Observe(Span<double> observation);

    /// <summary>Reward and health of the step just made.</summary>
    /// <param name="forwardVelocity">m/s, the root's mean over the step.</param>
    /// <param name="squaredControl">Sum of squares of the raw action.</param>
    private protected abstract (double Reward, bool Terminated) Score(double forwardVelocity, double squaredControl);

    private void Publish(Span<float> observation)
    {
        Observe(_observation);
        for (var i = 0; i < _observation.Length; i++)
        {
            observation[i] = (float)_observation[i];
        }
    }
}
