using System.Runtime.InteropServices;
using Rapid.Environments;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Evaluator;

/// <summary>
/// Plays whole episodes with frozen weights and normaliser and adds up raw rewards. Episode i of a seed starts from the same state whatever
/// was played before, so scores of different policies compare like with like.
/// </summary>
public sealed class PolicyEvaluator : IDisposable
{
    // Part of the run's seed: ASCII of "eval".
    private const ulong EvaluationRole = 0x6576616C;

    private readonly IEnvironment _environment;
    private readonly PolicyInference _policy;
    private readonly ObservationNormalizer? _normalizer;
    private readonly bool _isDeterministic;
    private readonly float[] _raw, _seen, _action, _clipped;
    private readonly BoxSpace? _box;

    /// <param name="options">Environment, network, normalisation, and whether evaluation takes the mode or samples.</param>
    public PolicyEvaluator(ExperimentOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _environment = EnvironmentFactory.Create(options.Environment);
        _policy = new PolicyInference(PolicyLayout.Create(options, _environment.ObservationSpace, _environment.ActionSpace));
        var (observationSize, actionSize) = (_policy.Layout.ObservationSize, _policy.Layout.ActionSize);
        _normalizer = options.Normalization.Observations ? new ObservationNormalizer(observationSize, (float)options.Normalization.ObservationClip) : null;
        _isDeterministic = options.Evaluation.Deterministic;
        (_raw, _seen) = (new float[observationSize], new float[observationSize]);
        (_action, _clipped) = (new float[actionSize], new float[actionSize]);
        _box = _environment.ActionSpace as BoxSpace;
    }

    /// <summary>What snapshots must fit.</summary>
    public PolicyLayout Layout => _policy.Layout;

    /// <summary>Plays.</summary>
    /// <param name="snapshot">Weights and normaliser.</param>
    /// <param name="episodes">How many.</param>
    /// <param name="seed">Start states and, when actions are sampled, noise.</param>
    /// <param name="cancellation">Checked at every step.</param>
    /// <exception cref="InvalidDataException">The snapshot is for another network, or the environment broke.</exception>
    public EvaluationReport Evaluate(PolicySnapshot snapshot, int episodes, ulong seed, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (Layout.Problem(snapshot) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        _policy.Load(MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span));
        if (snapshot.ObservationNormalizer is { } state)
        {
            _normalizer?.Statistics.Import([.. state.Mean], [.. state.Variance], state.Count);
        }

        var report = new EvaluationReport { PolicyVersion = snapshot.Version, Step = snapshot.Step };
        for (var i = 0; i < episodes; i++)
        {
            var (episodeReturn, length) = Play(RandomStream.Derive(seed, EvaluationRole, (ulong)i), cancellation);
            report.Returns.Add(episodeReturn);
            report.Lengths.Add(length);
        }

        return report;
    }

    /// <inheritdoc/>
    public void Dispose() => _environment.Dispose();

    private (double Return, uint Length) Play(ulong seed, CancellationToken cancellation)
    {
        RandomStream[] random = [new(seed)];
        Span<float> logProbability = stackalloc float[1], value = stackalloc float[1];
        double sum = 0;
        uint length = 0;
        _environment.Reset(random[0], _raw);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_normalizer is null)
            {
                _raw.CopyTo(_seen, 0);
            }
            else
            {
                _normalizer.Normalize(_raw, _seen);
            }

            if (_isDeterministic)
            {
                _policy.ActMode(_seen, _action);
            }
            else
            {
                _policy.Act(_seen, random, _action, logProbability, value);
            }

            for (var j = 0; j < _action.Length; j++)
            {
                _clipped[j] = _box is null ? _action[j] : Math.Clamp(_action[j], _box.Low[j], _box.High[j]);
            }

            var result = _environment.Step(_clipped, _raw);
            if (result.Diverged || !double.IsFinite(result.Reward))
            {
                throw new InvalidDataException("the environment broke during evaluation: its state or reward is not finite");
            }

            sum += result.Reward;
            length++;
            if (result.Terminated || result.Truncated)
            {
                return (sum, length);
            }
        }
    }
}
