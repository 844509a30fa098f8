using System.Runtime.InteropServices;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>
/// Steps the environments of one slot with a policy and writes blocks of [T, N] steps. What it does depends on the run's seed, the slot and
/// the snapshots alone. Buffers are allocated once; nothing is allocated per step.
/// </summary>
public sealed class RolloutCollector : IDisposable
{
    // Parts of the run's seed: ASCII of "envs" and "acts".
    private const ulong EnvironmentRole = 0x656E7673, ActionRole = 0x61637473;

    private readonly VectorEnvironment _environments;
    private readonly PolicyInference _policy;
    private readonly RandomStream[] _noise;
    private readonly ObservationNormalizer? _normalizer;
    private readonly RunningMeanVariance _seen;
    private readonly double _gamma;
    private readonly bool _wantsDiscountedReturns;
    private readonly int _steps, _count, _observationSize, _actionSize;
    private readonly float[] _raw, _finals, _observations, _actions, _rewards, _logProbabilities, _values, _discounted, _finalObservations;
    private readonly float[] _distributions, _logStd;
    private readonly byte[] _terminated, _truncated;
    private readonly float[] _running;
    private readonly long[] _indices;
    private readonly List<Episode> _episodes = [];
    private ulong _reportedBroken;
    private bool _isStarted;

    /// <summary>Makes the environments of a slot.</summary>
    public RolloutCollector(ExperimentOptions options, uint slot)
        : this(options, slot, () => EnvironmentFactory.Create(options.Environment))
    {
    }

    internal RolloutCollector(ExperimentOptions options, uint slot, Func<IEnvironment> make)
    {
        var algorithm = (OnPolicyOptions)options.Algorithm;
        (_steps, _count, _gamma) = (algorithm.RolloutSteps, options.Actors.Environments, algorithm.Gamma);
        _environments = new VectorEnvironment(_ => make(), _count, RandomStream.Derive(options.Seed, EnvironmentRole, slot), options.Actors.Threads);
        _noise = [.. Enumerable.Range(0, _count).Select(i => new RandomStream(RandomStream.Derive(options.Seed, ActionRole, slot, (ulong)i)))];
        _policy = new PolicyInference(PolicyLayout.Create(options, _environments.ObservationSpace, _environments.ActionSpace));
        (_observationSize, _actionSize) = (_policy.Layout.ObservationSize, _policy.Layout.ActionSize);
        _normalizer = options.Normalization.Observations ? new ObservationNormalizer(_observationSize, (float)options.Normalization.ObservationClip) : null;
        _wantsDiscountedReturns = options.Normalization.Rewards;
        _seen = new RunningMeanVariance(_observationSize);
        var rows = _steps * _count;
        (_raw, _finals) = (new float[_count * _observationSize], new float[_count * _observationSize]);
        _observations = new float[(rows + _count) * _observationSize];
        _actions = new float[rows * _actionSize];
        _indices = _policy.Layout.IsDiscrete ? new long[rows] : [];
        (_rewards, _logProbabilities, _values) = (new float[rows], new float[rows], new float[rows + _count]);
        (_discounted, _running) = (new float[rows], new float[_count]);
        (_terminated, _truncated) = (new byte[rows], new byte[rows]);
        _finalObservations = new float[rows * _observationSize];
        var distributionSize = algorithm is P3oOptions ? rows * _policy.Layout.Outputs : 0;
        _distributions = new float[distributionSize];
        _logStd = new float[_policy.Layout.IsDiscrete ? 0 : distributionSize];
    }

    /// <summary>Collects one block.</summary>
    /// <param name="snapshot">The policy that acts in all of it.</param>
    /// <param name="cancellation">Checked at every step.</param>
    /// <returns>The block without its address; null when an environment broke, in which case the block is lost and the next begins afresh.</returns>
    /// <exception cref="InvalidDataException">The snapshot is for another network.</exception>
    public Trajectory? Collect(PolicySnapshot snapshot, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Load(snapshot);
        var finals = 0;
        _episodes.Clear();
        for (var t = 0; t < _steps; t++)
        {
            cancellation.ThrowIfCancellationRequested();
            Act(t);
            var actions = _actions.AsMemory(t * _count * _actionSize, _count * _actionSize);
            var (start, observationStart) = (t * _count, (t + 1) * _count * _observationSize);
            var rewards = _rewards.AsSpan(start, _count);
            var (terminated, truncated) = (_terminated.AsMemory(start, _count), _truncated.AsMemory(start, _count));
            _environments.Step(actions, _raw, rewards, terminated.Span, truncated.Span, _finals);
            if (_environments.IsBroken)
            {
                // What was in flight cannot be trusted; running returns start again with the next block.
                _running.AsSpan().Clear();
                return null;
            }

            AccumulateReturns(start, rewards, terminated.Span, truncated.Span);
            finals = KeepFinalObservations(truncated.Span, finals);
            foreach (var episode in _environments.Finished)
            {
                _episodes.Add(new Episode
                {
                    Step = (uint)t,
                    Environment = (uint)episode.Environment,
                    Return = episode.Return,
                    Length = (uint)episode.Length,
                    Truncated = episode.Truncated,
                });
            }

            Observe(_observations.AsSpan(observationStart, _raw.Length), learn: true);
        }

        _policy.Values(_observations.AsSpan(_steps * _raw.Length), _values.AsSpan(_steps * _count));
        return Pack(snapshot, finals);
    }

    /// <inheritdoc/>
    public void Dispose() => _environments.Dispose();

    private void Load(PolicySnapshot snapshot)
    {
        if (_policy.Layout.Problem(snapshot) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        _policy.Load(MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span));
        _seen.Import(new double[_observationSize], new double[_observationSize], 0);
        if (snapshot.ObservationNormalizer is { } state)
        {
            _normalizer?.Statistics.Import([.. state.Mean], [.. state.Variance], state.Count);
        }

        // The observation that the block starts from was learned from with the block before it, except the very first.
        if (!_isStarted)
        {
            _environments.Reset(_raw);
        }

        Observe(_observations.AsSpan(0, _raw.Length), learn: !_isStarted);
        _isStarted = true;
    }

    private void Act(int t) => _policy.Act(
        _observations.AsSpan(t * _raw.Length, _raw.Length), _noise, _actions.AsSpan(t * _count * _actionSize, _count * _actionSize),
        _logProbabilities.AsSpan(t * _count, _count), _values.AsSpan(t * _count, _count),
        _distributions.Length == 0 ? [] : _distributions.AsSpan(t * _count * _policy.Layout.Outputs, _count * _policy.Layout.Outputs));

    /// <summary>Turns the raw observations of this moment into what the policy sees; statistics are updated first, as the usual wrappers do.</summary>
    private void Observe(Span<float> seen, bool learn)
    {
        if (_normalizer is null)
        {
            _raw.CopyTo(seen);
            return;
        }

        if (learn)
        {
            _normalizer.Statistics.Update(_raw);
            _seen.Update(_raw);
        }

        _normalizer.Normalize(_raw, seen);
    }

    private void AccumulateReturns(int start, ReadOnlySpan<float> rewards, ReadOnlySpan<byte> terminated, ReadOnlySpan<byte> truncated)
    {
        for (var i = 0; i < _count; i++)
        {
            _running[i] = (float)(_gamma * _running[i] + rewards[i]);
            _discounted[start + i] = _running[i];
            if (terminated[i] != 0 || truncated[i] != 0)
            {
                _running[i] = 0;
            }
        }
    }

    private int KeepFinalObservations(ReadOnlySpan<byte> truncated, int finals)
    {
        for (var i = 0; i < _count; i++)
        {
            if (truncated[i] != 0)
            {
                var final = _finals.AsSpan(i * _observationSize, _observationSize);
                var kept = _finalObservations.AsSpan(finals++ * _observationSize, _observationSize);
                if (_normalizer is null)
                {
                    final.CopyTo(kept);
                }
                else
                {
                    _normalizer.Normalize(final, kept);
                }
            }
        }

        return finals;
    }

    private Trajectory Pack(PolicySnapshot snapshot, int finals)
    {
        var block = new Trajectory { Steps = (uint)_steps, Environments = (uint)_count, PolicyVersion = snapshot.Version };
        block.Add<float>(TrajectoryColumns.Observations, _observations, _steps + 1, _count, _observationSize);
        if (_policy.Layout.IsDiscrete)
        {
            for (var i = 0; i < _indices.Length; i++)
            {
                _indices[i] = (long)_actions[i];
            }

            block.Add<long>(TrajectoryColumns.Actions, _indices, _steps, _count);
        }
        else
        {
            block.Add<float>(TrajectoryColumns.Actions, _actions, _steps, _count, _actionSize);
        }

        block.Add<float>(TrajectoryColumns.Rewards, _rewards, _steps, _count);
        block.Add<byte>(TrajectoryColumns.Terminated, _terminated, _steps, _count);
        block.Add<byte>(TrajectoryColumns.Truncated, _truncated, _steps, _count);
        block.Add<float>(TrajectoryColumns.LogProbabilities, _logProbabilities, _steps, _count);
        PackDistributions(snapshot, block);
        block.Add<float>(TrajectoryColumns.Values, _values, _steps + 1, _count);
        block.Add<float>(TrajectoryColumns.FinalObservations, _finalObservations.AsSpan(0, finals * _observationSize), finals, _observationSize);
        if (_wantsDiscountedReturns)
        {
            block.Add<float>(TrajectoryColumns.DiscountedReturns, _discounted, _steps, _count);
        }

        if (_normalizer is not null)
        {
            block.Add<double>(TrajectoryColumns.ObservationMoments, [.. _seen.Mean, .. _seen.Variance], 2, _observationSize);
            block.Add<double>(TrajectoryColumns.ObservationCount, [_seen.Count], 1);
        }

        block.Episodes.AddRange(_episodes);
        block.BrokenEnvironments = (ulong)_environments.BrokenCount - _reportedBroken;
        _reportedBroken = (ulong)_environments.BrokenCount;
        return block;
    }

    private void PackDistributions(PolicySnapshot snapshot, Trajectory block)
    {
        var outputs = _policy.Layout.Outputs;
        if (_distributions.Length == 0)
        {
            return;
        }

        if (_policy.Layout.IsDiscrete)
        {
            block.Add<float>(TrajectoryColumns.BehaviourLogProbabilities, _distributions, _steps, _count, outputs);
            return;
        }

        var logStd = _policy.Layout["policy.log_std"];
        var current = MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span).Slice(logStd.Offset, logStd.Length);
        for (var i = 0; i < _logStd.Length; i += outputs)
        {
            current.CopyTo(_logStd.AsSpan(i));
        }

        block.Add<float>(TrajectoryColumns.BehaviourMean, _distributions, _steps, _count, outputs);
        block.Add<float>(TrajectoryColumns.BehaviourLogStd, _logStd, _steps, _count, outputs);
    }
}
