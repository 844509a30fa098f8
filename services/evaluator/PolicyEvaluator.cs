using Rapid.Core;
using Rapid.Environments;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

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
    private readonly CallWatch? _watch;
    private readonly FrozenPolicy _policy;
    private readonly float[] _observation, _action;

    /// <param name="options">Environment, network, normalisation, and whether evaluation takes the mode or samples.</param>
    /// <param name="watch">Is told of every call of the environment; null when nobody waits for them.</param>
    public PolicyEvaluator(ExperimentOptions options, CallWatch? watch = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _watch = watch;
        _environment = EnvironmentFactory.CreateForEvaluation(options.Environment, watch: watch);
        var (observations, actions) = (_environment.ObservationSpace, _environment.ActionSpace);
        _policy = new FrozenPolicy(observations, actions, options.Evaluation.Deterministic, options.Actors.Threads);
        (_observation, _action) = (new float[observations.Size], new float[actions.Size]);
    }

    /// <summary>The randomness of one episode: its start state and, when actions are sampled, its noise.</summary>
    /// <param name="seed">Of all episodes.</param>
    /// <param name="episode">From 0.</param>
    public static RandomStream RandomOf(ulong seed, int episode) => new(RandomStream.Derive(seed, EvaluationRole, (ulong)episode));

    /// <summary>Plays.</summary>
    /// <param name="snapshot">Weights and normaliser.</param>
    /// <param name="episodes">How many.</param>
    /// <param name="seed">Start states and, when actions are sampled, noise.</param>
    /// <param name="cancellation">Checked at every step.</param>
    /// <returns>The returns, those of broken episodes left out.</returns>
    /// <exception cref="InvalidDataException">The snapshot is for another network.</exception>
    public EvaluationReport Evaluate(PolicySnapshot snapshot, int episodes, ulong seed, CancellationToken cancellation)
    {
        _policy.Load(snapshot);
        var report = new EvaluationReport { PolicyVersion = snapshot.Version, Step = snapshot.Step };
        for (var i = 0; i < episodes; i++)
        {
            var (episodeReturn, length, breakdown) = Play(RandomOf(seed, i), cancellation);
            if (breakdown is not null)
            {
                report.BrokenEpisodes++;
                report.Breakdown = breakdown;
                continue;
            }

            report.Returns.Add(episodeReturn);
            report.Lengths.Add(length);
        }

        return report;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _policy.Dispose();
        _environment.Dispose();
    }

    private (double Return, uint Length, string? Breakdown) Play(RandomStream random, CancellationToken cancellation)
    {
        RandomStream[] noise = [random];
        double sum = 0;
        uint length = 0;
        Reset(random);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            _policy.Act(_observation, isFirst: length == 0, noise, _action);
            var result = Step();
            if (result.Breakdown is not null || !double.IsFinite(result.RawReward))
            {
                return (sum, length, result.Breakdown ?? $"the reward is not finite: {result.RawReward}");
            }

            sum += result.RawReward;
            length++;
            if (result.Terminated || result.Truncated)
            {
                return (sum, length, null);
            }
        }
    }
    private void Reset(RandomStream random)
    {
        _watch?.Enter("begin an episode");
        try
        {
            _environment.Reset(random, _observation);
        }
        finally
        {
            _watch?.Leave();
        }
    }

    private StepResult Step()
    {
        _watch?.Enter("end a step");
        try
        {
            return _environment.Step(_action, _observation);
        }
        finally
        {
            _watch?.Leave();
        }
    }
}
