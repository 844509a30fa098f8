using Rapid.Environments.Rendering;

namespace Rapid.Environments.MuJoCo;

/// <summary>
/// A locomotion task on MuJoCo with Gymnasium's semantics: the control is held for a number of physics steps, no forward evaluation follows
/// them, and costs are charged for the action as it was given although the physics clamps it.
/// </summary>
public abstract class MuJoCoEnvironment : IEnvironment, IRenderable
{
    private readonly MuJoCoSimulation _simulation;
    private readonly double[] _startPositions;
    private readonly double[] _positionBuffer;
    private readonly double[] _velocityBuffer;
    private readonly double[] _observation;
    private readonly int _frameSkip;

    private protected MuJoCoEnvironment(string modelFile, int frameSkip, int observationSize)
    {
        var model = MuJoCoModel.Bundled(modelFile);
        _simulation = new MuJoCoSimulation(model);
        _frameSkip = frameSkip;
        _startPositions = model.Array("qpos0");
        _positionBuffer = new double[_startPositions.Length];
        _velocityBuffer = new double[_simulation.Velocities.Count];
        _observation = new double[observationSize];
        StepSeconds = MuJoCoNative.Timestep(model) * frameSkip;
        ObservationSpace = BoxSpace.Unbounded(observationSize);
        var range = model.Array("actuator_ctrlrange");
        ActionSpace = new BoxSpace(
            [.. Enumerable.Range(0, _simulation.Controls.Count).Select(i => (float)range[2 * i])],
            [.. Enumerable.Range(0, _simulation.Controls.Count).Select(i => (float)range[2 * i + 1])]);
    }

    /// <inheritdoc/>
    public Space ObservationSpace { get; }

    /// <inheritdoc/>
    public Space ActionSpace { get; }

    /// <summary>Generalised positions, [nq].</summary>
    internal ReadOnlySpan<double> Positions => _simulation.Positions.Span;

    /// <summary>Generalised velocities, [nv].</summary>
    internal ReadOnlySpan<double> Velocities => _simulation.Velocities.Span;

    /// <summary>The newest observation before it is rounded to single precision, [obs].</summary>
    internal ReadOnlySpan<double> PreciseObservation => _observation;

    internal MuJoCoModel Model => _simulation.Model;

    /// <summary>Simulated seconds per environment step.</summary>
    private protected double StepSeconds { get; }

    /// <inheritdoc/>
    public double StepsPerSecond => 1 / StepSeconds;

    /// <inheritdoc/>
    public double AspectRatio => 1;

    /// <inheritdoc/>
    public IRenderer CreateRenderer(RenderOptions options) =>
        new MuJoCoRenderer(_simulation, CameraView.Of(_simulation, GetType().Name), options);

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
        var controls = _simulation.Controls.Span;
        for (var i = 0; i < controls.Length; i++)
        {
            controls[i] = action[i];
            squares += controls[i] * controls[i];
        }

        var before = Positions[0];
        var isSound = _simulation.Step(_frameSkip);
        var (reward, terminated) = Score((Positions[0] - before) / StepSeconds, squares);
        Publish(observation);
        return new StepResult(reward, terminated, Diverged: !isSound);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _simulation.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Puts the simulation into a state and evaluates it once.</summary>
    internal void SetState(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        _simulation.Reset(positions, velocities);
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
