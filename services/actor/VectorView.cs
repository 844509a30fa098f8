using Rapid.Core;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Vectors of numbers, normalised when the experiment asks for it. Statistics are updated before they are used, as the usual
/// wrappers do.</summary>
internal sealed class VectorView : PolicyView
{
    private readonly EnvironmentBlock _block;
    private readonly ObservationNormalizer? _normalizer;
    private readonly RunningMeanVariance _seen;
    private readonly float[] _observations;
    private readonly int _width;
    private bool _isStarted;
    private int _finals;

    public VectorView(EnvironmentBlock block, NormalizationOptions options)
    {
        _block = block;
        var size = block.ObservationSize;
        _normalizer = options.Observations ? new ObservationNormalizer(size, (float)options.ObservationClip) : null;
        _seen = new RunningMeanVariance(size);
        _width = block.Count * size;
        _observations = new float[(block.Steps + 1) * _width];
    }

    /// <inheritdoc/>
    public override void Begin(PolicySnapshot snapshot)
    {
        _finals = 0;
        _seen.Import(new double[_block.ObservationSize], new double[_block.ObservationSize], 0);
        if (snapshot.ObservationNormalizer is { } state)
        {
            _normalizer?.Statistics.Import([.. state.Mean], [.. state.Variance], state.Count);
        }

        // The observation that the block starts from was learned from with the block before it, except the very first.
        See(0, learn: !_isStarted);
        _isStarted = true;
    }

    /// <inheritdoc/>
    public override void Observe(int t)
    {
        // Final observations as the policy would have seen them.
        var finals = _block.FinalObservations;
        _normalizer?.Normalize(finals[_finals..], finals[_finals..]);
        _finals = finals.Length;
        See(t, learn: true);
    }

    /// <inheritdoc/>
    public override void BeginAgain(int i)
    {
    }

    /// <inheritdoc/>
    public override void ObserveAgain(bool ended)
    {
    }

    /// <summary>What the environments show was learned from with the block that they come from.</summary>
    public override void EndAgain() => _isStarted = true;

    /// <inheritdoc/>
    public override ReadOnlySpan<float> Inputs(int t) => _observations.AsSpan(t * _width, _width);

    /// <inheritdoc/>
    public override void Pack(Trajectory block)
    {
        block.Add<float>(TrajectoryColumns.Observations, _observations, _block.Steps + 1, _block.Count, _block.ObservationSize);
        if (_normalizer is not null)
        {
            block.Add<double>(TrajectoryColumns.ObservationMoments, [.. _seen.Mean, .. _seen.Variance], 2, _block.ObservationSize);
            block.Add<double>(TrajectoryColumns.ObservationCount, [_seen.Count], 1);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }

    private void See(int t, bool learn)
    {
        var seen = _observations.AsSpan(t * _width, _width);
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
}
