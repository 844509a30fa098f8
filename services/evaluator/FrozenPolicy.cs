using System.Runtime.InteropServices;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Policies.Frames;
using Rapid.Protocol.V1;

namespace Rapid.Evaluator;

/// <summary>Plays one environment with frozen weights and normaliser.</summary>
public sealed class FrozenPolicy : IDisposable
{
    // Steps between two rewindings of the frames: they move few bytes.
    private const int FrameSteps = 64;

    private readonly Space _observations, _actions;
    private readonly bool _isDeterministic;
    private readonly int _threads;
    private readonly float[] _seen;
    private PolicyInference? _policy;
    private FrameInputs? _frames;
    private ObservationNormalizer? _normalizer;

    /// <param name="observations">Of the environment.</param>
    /// <param name="actions">Of the environment.</param>
    /// <param name="isDeterministic">Takes the mode instead of a sample.</param>
    /// <param name="threads">Threads that convolutions use.</param>
    public FrozenPolicy(Space observations, Space actions, bool isDeterministic, int threads)
    {
        ArgumentNullException.ThrowIfNull(observations);
        (_observations, _actions, _isDeterministic, _threads) = (observations, actions, isDeterministic, threads);
        _seen = new float[observations.Size];
    }

    /// <summary>Takes network, weights and normaliser.</summary>
    /// <exception cref="InvalidDataException">The snapshot is for another environment, or of no network that can be evaluated.</exception>
    public void Load(PolicySnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (snapshot.Graph is not { } graph)
        {
            throw new InvalidDataException($"policy version {snapshot.Version} does not say its network");
        }

        if (snapshot.ObservationNormalizer is { Clip: var clip and not > 0 })
        {
            throw new InvalidDataException($"policy version {snapshot.Version} clips normalised observations to {clip}, allowed: > 0");
        }

        if (!graph.Equals(_policy?.Layout.Graph))
        {
            Begin(graph.ToLayout());
        }

        if (_policy!.Layout.Problem(snapshot) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        var parameters = MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span);
        _policy.Load(parameters);
        _frames?.Load(parameters);
        _normalizer = null;
        if (snapshot.ObservationNormalizer is { } state)
        {
            _normalizer = new ObservationNormalizer(_seen.Length, (float)state.Clip);
            _normalizer.Statistics.Import([.. state.Mean], [.. state.Variance], state.Count);
        }
    }

    /// <summary>Chooses.</summary>
    /// <param name="observation">[obs], as the environment shows it; of a <see cref="FrameSpace"/> the newest frame.</param>
    /// <param name="isFirst">An episode starts with it.</param>
    /// <param name="random">[1], noise where actions are sampled.</param>
    /// <param name="action">[act], overwritten; within the bounds of the environment.</param>
    /// <exception cref="InvalidOperationException">Nothing was loaded.</exception>
    public void Act(ReadOnlySpan<float> observation, bool isFirst, ReadOnlySpan<RandomStream> random, Span<float> action)
    {
        var policy = _policy ?? throw new InvalidOperationException("no policy was loaded");
        var inputs = Look(observation, isFirst);
        if (_isDeterministic)
        {
            policy.ActMode(inputs, action);
        }
        else
        {
            policy.Sample(inputs, random, action);
        }

        for (var j = 0; _actions is BoxSpace box && j < action.Length; j++)
        {
            action[j] = Math.Clamp(action[j], box.Low[j], box.High[j]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _frames?.Dispose();
        _policy?.Dispose();
    }

    private void Begin(PolicyLayout layout)
    {
        var sees = _observations is FrameSpace frames
            ? frames == layout.Frames
            : layout.Frames is null && layout.ObservationSize == _observations.Size;
        var acts = _actions is DiscreteSpace choices
            ? layout.IsDiscrete && layout.Outputs == choices.Count
            : !layout.IsDiscrete && layout.ActionSize == _actions.Size;
        if (!sees || !acts)
        {
            throw new InvalidDataException(
                $"the policy is of another environment: this one has {_observations} to observe and {_actions} to act, "
                + $"the policy {layout.Graph}");
        }

        Dispose();
        _policy = new PolicyInference(layout);
        _frames = layout.Frames is null ? null : new FrameInputs(layout, environments: 1, FrameSteps, _threads);
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
