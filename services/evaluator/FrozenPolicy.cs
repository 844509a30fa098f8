using System.Runtime.InteropServices;
using Rapid.Agents;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Policies.Frames;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Evaluator;

/// <summary>Plays one environment with frozen weights and normaliser.</summary>
public sealed class FrozenPolicy : IDisposable
{
    // Steps between two rewindings of the frames: they move few bytes.
    private const int FrameSteps = 64;

    private readonly FrameInputs? _frames;
    private readonly PolicyInference _policy;
    private readonly ObservationNormalizer? _normalizer;
    private readonly bool _isDeterministic;
    private readonly float[] _seen;
    private readonly BoxSpace? _box;

    /// <param name="options">Network, normalisation, and whether evaluation takes the mode or samples.</param>
    /// <param name="observations">Of the environment.</param>
    /// <param name="actions">Of the environment.</param>
    public FrozenPolicy(ExperimentOptions options, Space observations, Space actions)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observations);
        _policy = new PolicyInference(ExperimentPolicy.LayoutOf(options, observations, actions));
        _frames = Layout.Frames is null ? null : new FrameInputs(Layout, environments: 1, FrameSteps, options.Actors.Threads);
        _normalizer = options.Normalization.Observations
            ? new ObservationNormalizer(observations.Size, (float)options.Normalization.ObservationClip)
            : null;
        _isDeterministic = options.Evaluation.Deterministic;
        _seen = new float[observations.Size];
        _box = actions as BoxSpace;
    }

    /// <summary>What snapshots must fit.</summary>
    public PolicyLayout Layout => _policy.Layout;

    /// <summary>Takes weights and normaliser.</summary>
    /// <exception cref="InvalidDataException">The snapshot is for another network.</exception>
    public void Load(PolicySnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (Layout.Problem(snapshot) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        var parameters = MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span);
        _policy.Load(parameters);
        _frames?.Load(parameters);
        if (snapshot.ObservationNormalizer is { } state)
        {
            _normalizer?.Statistics.Import([.. state.Mean], [.. state.Variance], state.Count);
        }
    }

    /// <summary>Chooses.</summary>
    /// <param name="observation">[obs], as the environment shows it; of a <see cref="FrameSpace"/> the newest frame.</param>
    /// <param name="isFirst">An episode starts with it.</param>
    /// <param name="random">[1], noise where actions are sampled.</param>
    /// <param name="action">[act], overwritten; within the bounds of the environment.</param>
    public void Act(ReadOnlySpan<float> observation, bool isFirst, ReadOnlySpan<RandomStream> random, Span<float> action)
    {
        var inputs = Look(observation, isFirst);
        if (_isDeterministic)
        {
            _policy.ActMode(inputs, action);
        }
        else
        {
            _policy.Sample(inputs, random, action);
        }

        for (var j = 0; _box is not null && j < action.Length; j++)
        {
            action[j] = Math.Clamp(action[j], _box.Low[j], _box.High[j]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _frames?.Dispose();
        _policy.Dispose();
    }

    /// <summary>What the policy's network takes at this moment.</summary>
    private ReadOnlySpan<float> Look(ReadOnlySpan<float> observation, bool isFirst)
    {
        if (_frames is not null)
        {
            if (isFirst)
            {
                _frames.Buffer.Start(observation);
            }
            else
            {
                if (_frames.Buffer.Step == FrameSteps)
                {
                    _frames.Buffer.Rewind();
                }

                _frames.Buffer.Add(observation, [0]);
            }

            return _frames.At(_frames.Buffer.Step);
        }

        if (_normalizer is null)
        {
            return observation;
        }

        _normalizer.Normalize(observation, _seen);
        return _seen;
    }
}
