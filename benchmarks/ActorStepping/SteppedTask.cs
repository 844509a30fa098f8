using System.Diagnostics;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Environments.MuJoCo;
using Rapid.Environments.MuJoCo.Simulation;
using Rapid.Environments.Registry;

namespace Rapid.Benchmarks;

/// <summary>
/// A task as an actor steps it: a vector with clipped actions, observations, rewards, a time limit and reset noise. What is simulated is
/// what the bare loop simulates: the same model and frame skip, controls uniform in [-1, 1], a reset every thousand steps and none before.
/// Falls are therefore looked for and not acted on; else this side would spend its time on resets and see other contacts. Bodies that lie
/// about cost more than those that stand, so the environments are spread over the episode, and any stretch of time is like any other.
/// </summary>
internal sealed class SteppedTask : IDisposable
{
    private const int EpisodeSteps = 1000;

    private readonly VectorEnvironment _vector;
    private readonly RandomStream _random = new(2);
    private readonly float[] _actions, _observations, _finals, _rewards;
    private readonly byte[] _terminated, _truncated;

    /// <param name="name">Of a registered task.</param>
    /// <param name="count">Environments of the vector. More wait less for each other, and fit the cache of a core less well.</param>
    /// <param name="threads">That step it.</param>
    public SteppedTask(string name, int count, int threads)
    {
        _vector = new VectorEnvironment(
            i => new TimeLimit(new Endless(EnvironmentRegistry.Create(name), EpisodeSteps * (i + 1) / count), EpisodeSteps),
            count, seed: 1, threads);
        (_rewards, _terminated, _truncated) = (new float[count], new byte[count], new byte[count]);
        _actions = new float[count * _vector.ActionSpace.Size];
        _observations = new float[count * _vector.ObservationSpace.Size];
        _finals = new float[_observations.Length];
        _vector.Reset(_observations);
        for (var step = 0; step < EpisodeSteps; step++)
        {
            Step();
        }
    }

    /// <summary>Environment steps a second.</summary>
    /// <param name="time">How long to step.</param>
    /// <param name="cancellation">Checked at every step.</param>
    /// <exception cref="InvalidOperationException">A simulation broke: the figure would mean nothing.</exception>
    public double Measure(TimeSpan time, CancellationToken cancellation)
    {
        var steps = 0L;
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < time)
        {
            cancellation.ThrowIfCancellationRequested();
            Step();
            steps += _vector.Count;
        }

        return steps / watch.Elapsed.TotalSeconds;
    }

    public void Dispose() => _vector.Dispose();

    private void Step()
    {
        foreach (ref var action in _actions.AsSpan())
        {
            action = (float)_random.NextUniform(-1, 1);
        }

        _vector.Step(_actions, _observations, _rewards, _terminated, _truncated, _finals);
        if (_vector.Breakdowns is [var breakdown, ..])
        {
            throw new InvalidOperationException($"environment {breakdown.Environment} broke: {breakdown.Reason}");
        }
    }

    /// <summary>Goes on where the task would be lost or won; only its first episode has an end of its own.</summary>
    private sealed class Endless(IEnvironment inner, int firstEpisode) : IEnvironment, IPhysicsEnvironment
    {
        private readonly IPhysicsEnvironment _halves = (IPhysicsEnvironment)inner;
        private int _steps;

        public Space ObservationSpace => inner.ObservationSpace;

        public Space ActionSpace => inner.ActionSpace;

        public PhysicsStep Physics => _halves.Physics;

        public void Reset(RandomStream random, Span<float> observation) => inner.Reset(random, observation);

        public StepResult Step(ReadOnlySpan<float> action, Span<float> observation) => GoOn(inner.Step(action, observation));

        public void Begin(ReadOnlySpan<float> action) => _halves.Begin(action);

        public StepResult End(string? breakdown, Span<float> observation) => GoOn(_halves.End(breakdown, observation));

        public void Dispose() => inner.Dispose();

        private StepResult GoOn(StepResult result) => result with { Terminated = false, Truncated = ++_steps == firstEpisode };
    }
}
