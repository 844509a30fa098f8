using System.Runtime.InteropServices;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Blocks for on-policy learning: beside what happened, what the policy saw, thought of it and would have done.</summary>
public sealed class RolloutCollector : ICollector
{
    private readonly EnvironmentBlock _block;
    private readonly PolicyInference _policy;
    private readonly ObservationNormalizer? _normalizer;
    private readonly RunningMeanVariance _seen;
    private readonly double _gamma;
    private readonly bool _wantsDiscountedReturns;
    private readonly int _steps, _count, _width;
    private readonly float[] _observations, _logProbabilities, _values, _discounted, _running;
    private readonly float[] _distributions, _logStd;
    private bool _isStarted;

    /// <summary>Makes the environments of a slot.</summary>
    public RolloutCollector(ExperimentOptions options, uint slot)
        : this(options, slot, () => EnvironmentFactory.Create(options.Environment))
    {
    }

    internal RolloutCollector(ExperimentOptions options, uint slot, Func<IEnvironment> make)
    {
        _block = new EnvironmentBlock(options, slot, make);
        (_steps, _count, _gamma) = (_block.Steps, _block.Count, options.Algorithm.Gamma);
        _policy = new PolicyInference(PolicyLayout.Create(options, _block.ObservationSpace, _block.ActionSpace));
        var size = _block.ObservationSize;
        _normalizer = options.Normalization.Observations ? new ObservationNormalizer(size, (float)options.Normalization.ObservationClip) : null;
        _wantsDiscountedReturns = options.Normalization.Rewards;
        _seen = new RunningMeanVariance(size);
        var rows = _steps * _count;
        _width = _count * size;
        _observations = new float[(rows + _count) * size];
        (_logProbabilities, _values) = (new float[rows], new float[rows + _count]);
        (_discounted, _running) = (new float[rows], new float[_count]);
        var distributionSize = options.Algorithm is P3oOptions ? rows * _policy.Layout.Outputs : 0;
        _distributions = new float[distributionSize];
        _logStd = new float[_policy.Layout.IsDiscrete ? 0 : distributionSize];
    }

    /// <inheritdoc/>
    public Trajectory? Collect(PolicySnapshot snapshot, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Load(snapshot);
        _block.Begin();
        var finals = 0;
        for (var t = 0; t < _steps; t++)
        {
            cancellation.ThrowIfCancellationRequested();
            Act(t);
            if (!_block.Step(t))
            {
                // What was in flight cannot be trusted; running returns start again with the next block.
                _running.AsSpan().Clear();
                return null;
            }

            AccumulateReturns(t);
            finals = NormalizeFinalObservations(finals);
            Observe(_observations.AsSpan((t + 1) * _width, _width), learn: true);
        }

        _policy.Values(_observations.AsSpan(_steps * _width), _values.AsSpan(_steps * _count));
        return Pack(snapshot);
    }

    /// <inheritdoc/>
    public void Dispose() => _block.Dispose();

    private void Load(PolicySnapshot snapshot)
    {
        if (_policy.Layout.Problem(snapshot) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        _policy.Load(MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span));
        _seen.Import(new double[_block.ObservationSize], new double[_block.ObservationSize], 0);
        if (snapshot.ObservationNormalizer is { } state)
        {
            _normalizer?.Statistics.Import([.. state.Mean], [.. state.Variance], state.Count);
        }

        // The observation that the block starts from was learned from with the block before it, except the very first.
        if (!_isStarted)
        {
            _block.Reset();
        }

        Observe(_observations.AsSpan(0, _width), learn: !_isStarted);
        _isStarted = true;
    }

    private void Act(int t) => _policy.Act(
        _observations.AsSpan(t * _width, _width), _block.Noise, _block.Actions(t), _logProbabilities.AsSpan(t * _count, _count),
        _values.AsSpan(t * _count, _count),
        _distributions.Length == 0 ? [] : _distributions.AsSpan(t * _count * _policy.Layout.Outputs, _count * _policy.Layout.Outputs));

    /// <summary>Turns the raw observations of this moment into what the policy sees; statistics are updated first, as the usual wrappers do.</summary>
    private void Observe(Span<float> seen, bool learn)
    {
        if (_normalizer is null)
        {
            _block.Observations.CopyTo(seen);
            return;
        }

        if (learn)
        {
            _normalizer.Statistics.Update(_block.Observations);
            _seen.Update(_block.Observations);
        }

        _normalizer.Normalize(_block.Observations, seen);
    }

    private void AccumulateReturns(int t)
    {
        var rewards = _block.Rewards(t);
        for (var i = 0; i < _count; i++)
        {
            _running[i] = (float)(_gamma * _running[i] + rewards[i]);
            _discounted[t * _count + i] = _running[i];
            if (_block.IsEnd(t, i))
            {
                _running[i] = 0;
            }
        }
    }

    /// <summary>Normalises the final observations of one step as the policy would have seen them.</summary>
    private int NormalizeFinalObservations(int done)
    {
        var finals = _block.FinalObservations;
        _normalizer?.Normalize(finals[done..], finals[done..]);
        return finals.Length;
    }

    private Trajectory Pack(PolicySnapshot snapshot)
    {
        var block = _block.Pack(snapshot.Version, _observations);
        block.Add<float>(TrajectoryColumns.LogProbabilities, _logProbabilities, _steps, _count);
        PackDistributions(snapshot, block);
        block.Add<float>(TrajectoryColumns.Values, _values, _steps + 1, _count);
        if (_wantsDiscountedReturns)
        {
            block.Add<float>(TrajectoryColumns.DiscountedReturns, _discounted, _steps, _count);
        }

        if (_normalizer is not null)
        {
            block.Add<double>(TrajectoryColumns.ObservationMoments, [.. _seen.Mean, .. _seen.Variance], 2, _block.ObservationSize);
            block.Add<double>(TrajectoryColumns.ObservationCount, [_seen.Count], 1);
        }

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
