using System.Runtime.InteropServices;
using Rapid.Agents;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>
/// Blocks for off-policy learning: raw observations, actions as the environment took them, rewards and endings. What the policy saw is not
/// stored, because the learner normalises what it samples.
/// </summary>
public sealed class TransitionCollector : ICollector
{
    private readonly EnvironmentBlock _block;
    private readonly PolicyInference _policy;
    private readonly InferenceClock _inference;
    private readonly ObservationNormalizer? _normalizer;
    private readonly Space _actions;
    private readonly double _deviation; // of exploration
    private readonly float[] _observations, _seen;
    private bool _isStarted;

    internal TransitionCollector(ExperimentOptions options, uint slot, Func<IEnvironment> make, ulong life = 0, CallWatch? watch = null)
    {
        _block = new EnvironmentBlock(options, slot, life, make, watch);
        _actions = _block.ActionSpace;
        _deviation = AgentRegistry.Of(options).Explore(options.Algorithm).Deviation;
        _inference = new InferenceClock(_block.Steps);
        _policy = new PolicyInference(ExperimentPolicy.LayoutOf(options, _block.ObservationSpace, _actions));
        var normalization = options.Normalization;
        _normalizer = normalization.Observations
            ? new ObservationNormalizer(_block.ObservationSize, (float)normalization.ObservationClip)
            : null;
        _observations = new float[(_block.Steps + 1) * _block.Count * _block.ObservationSize];
        _seen = new float[_block.Count * _block.ObservationSize];
    }

    /// <inheritdoc/>
    public TimeSpan Inference => _inference.OfBlock;

    /// <inheritdoc/>
    public IReadOnlyList<Breakdown> Breakdowns => _block.Breakdowns;

    /// <inheritdoc/>
    public Trajectory? Collect(PolicySnapshot snapshot, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Load(snapshot);
        _block.Begin();
        _inference.Begin();
        Keep(0);
        for (var t = 0; t < _block.Steps; t++)
        {
            cancellation.ThrowIfCancellationRequested();
            _inference.Before(t);
            Act(snapshot, _block.Actions(t));
            _inference.After(t);
            if (!_block.Step(t))
            {
                return null;
            }

            Keep(t + 1);
        }

        var block = _block.Open(snapshot.Version);
        block.Add<float>(TrajectoryColumns.Observations, _observations, _block.Steps + 1, _block.Count, _block.ObservationSize);
        _block.Pack(block);
        return block;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _policy.Dispose();
        _block.Dispose();
    }

    private void Load(PolicySnapshot snapshot)
    {
        if (_policy.Layout.Problem(snapshot) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        _policy.Load(MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span));
        if (snapshot.ObservationNormalizer is { } state)
        {
            _normalizer?.Statistics.Import([.. state.Mean], [.. state.Variance], state.Count);
        }

        if (!_isStarted)
        {
            _block.Start(snapshot.Step);
            _isStarted = true;
        }
    }

    private void Keep(int t) => _block.Observations.CopyTo(_observations.AsSpan(t * _seen.Length));

    private void Act(PolicySnapshot snapshot, Span<float> actions)
    {
        if (snapshot.ExploreUniformly)
        {
            UniformActions.Draw(_actions, _block.Noise, actions);
            return;
        }

        if (_normalizer is null)
        {
            _policy.Sample(_block.Observations, _block.Noise, actions);
        }
        else
        {
            _normalizer.Normalize(_block.Observations, _seen);
            _policy.Sample(_seen, _block.Noise, actions);
        }

        if (_deviation > 0)
        {
            GaussianActions.Disturb((BoxSpace)_actions, _deviation, _block.Noise, actions);
        }
    }
}
