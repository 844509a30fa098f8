using System.Globalization;
using System.Numerics.Tensors;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Policies.Frames;
using Rapid.Protocol.Specs;

namespace Rapid.Learner.Training;

/// <summary>
/// Tells whether weights are of use before anybody acts with them. Finite weights are not enough: where their products or a standard
/// deviation overflow, actions are infinite, every environment breaks and no experience ever comes.
/// </summary>
internal sealed class PolicyProbe : IDisposable
{
    // Sums of products of larger numbers overflow for one observation or another, whatever the one that is tried says.
    private const float LargestParameter = 1e30f;

    private readonly PolicyLayout _layout;
    private readonly PolicyInference _policy;
    private readonly FrameInputs? _frames;
    private readonly ObservationNormalizer? _normalizer;
    private readonly float[] _observation, _seen;

    /// <param name="options">Network and normalisation.</param>
    /// <param name="layout">The policy's parameters.</param>
    /// <param name="environment">Its first observation is what the policy is tried on.</param>
    public PolicyProbe(ExperimentOptions options, PolicyLayout layout, IEnvironment environment)
    {
        _layout = layout;
        _policy = new PolicyInference(layout);
        _frames = layout.Frames is null ? null : new FrameInputs(layout, environments: 1, steps: 1, threads: 1);
        _observation = new float[environment.ObservationSpace.Size];
        _seen = new float[_observation.Length];
        _normalizer = options.Normalization.Observations
            ? new ObservationNormalizer(_observation.Length, (float)options.Normalization.ObservationClip)
            : null;
        environment.Reset(new RandomStream(options.Seed), _observation);
        if (!TensorPrimitives.IsFiniteAll<float>(_observation))
        {
            _observation.AsSpan().Clear();
        }

        _frames?.Buffer.Start(_observation);
    }

    /// <summary>What of a policy is not finite; null when all is well.</summary>
    /// <param name="parameters">[layout.Length].</param>
    /// <param name="statistics">Of observations; null when they are not normalised.</param>
    public string? Problem(ReadOnlySpan<float> parameters, RunningMeanVariance? statistics)
    {
        foreach (var slice in _layout.Parameters)
        {
            // NaN where there is one.
            var largest = TensorPrimitives.MaxMagnitude(parameters.Slice(slice.Offset, slice.Length));
            if (!(Math.Abs(largest) <= LargestParameter))
            {
                return string.Create(CultureInfo.InvariantCulture, $"{slice.Name} has {largest}");
            }
        }

        if (statistics is not null)
        {
            if (!TensorPrimitives.IsFiniteAll(statistics.Mean) || !TensorPrimitives.IsFiniteAll(statistics.Variance))
            {
                return "the statistics of observations are NaN or infinite";
            }

            _normalizer?.Statistics.Import(statistics.Mean, statistics.Variance, statistics.Count);
        }

        _policy.Load(parameters);
        _frames?.Load(parameters);
        return _policy.Problem(Look());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _frames?.Dispose();
        _policy.Dispose();
    }

    private ReadOnlySpan<float> Look()
    {
        if (_frames is not null)
        {
            return _frames.At(0);
        }

        if (_normalizer is null)
        {
            return _observation;
        }

        _normalizer.Normalize(_observation, _seen);
        return _seen;
    }
}
