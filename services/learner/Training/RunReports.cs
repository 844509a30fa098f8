using System.Globalization;
using System.Text.Json.Nodes;
using Rapid.Environments;
using Rapid.Learner.Experiments;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Training;

/// <summary>What every training loop tells the outside: weights to those who act, scores and figures to those who watch.</summary>
/// <param name="run">The run.</param>
/// <param name="layout">The policy's parameters.</param>
/// <param name="environment">What the policy is tried on before it is published.</param>
internal sealed class RunReports(RunContext run, PolicyLayout layout, IEnvironment environment) : IDisposable
{
    // A killed evaluator is usually back by then; without one a run must still end.
    private static readonly TimeSpan EvaluatorGrace = TimeSpan.FromSeconds(30);

    private readonly PolicyVersions _versions = new(run.Directory.Versions);
    private readonly PolicyProbe _probe = new(run.Options, layout, environment);
    private string? _firstBadFigure;

    /// <summary>Returns of training episodes.</summary>
    public ReturnWindow Returns { get; } = new(100);

    /// <summary>The version published last.</summary>
    public long Version => _versions.Newest;

    /// <summary>Episodes that the weights of a step are to be scored with; 0 for none.</summary>
    /// <param name="before">The step before the last update.</param>
    /// <param name="step">The step now.</param>
    public int EpisodesDue(long before, long step)
    {
        var evaluation = run.Options.Evaluation;
        return step >= run.Options.TotalSteps ? evaluation.FinalEpisodes
            : Crosses(evaluation.IntervalSteps, before, step) ? evaluation.Episodes
            : 0;
    }

    /// <summary>Whether a multiple of an interval lies between two steps.</summary>
    public static bool Crosses(long interval, long before, long step) => interval > 0 && step / interval > before / interval;

    /// <summary>Publishes weights.</summary>
    /// <param name="copyParameters">Writes [layout.Length].</param>
    /// <param name="step">Environment steps learned from.</param>
    /// <param name="evaluationEpisodes">Episodes to score them with; 0 for none.</param>
    /// <param name="normalizer">Statistics of observations; null when they are not normalised.</param>
    /// <param name="exploreUniformly">Actors act at random, whatever the weights.</param>
    /// <exception cref="InvalidDataException">The policy is not finite: nobody can act with it, and nothing can be learned any
    /// more.</exception>
    public void Publish(
        CopyParameters copyParameters, long step, int evaluationEpisodes, RunningMeanVariance? normalizer, bool exploreUniformly = false)
    {
        var parameters = new float[layout.Length];
        copyParameters(parameters);
        if (_probe.Problem(parameters, normalizer) is { } problem)
        {
            throw new InvalidDataException(
                $"the policy is not finite: at step {step} {problem}; {_firstBadFigure ?? "every loss before was finite"}; "
                + (run.Checkpoints.NewestPath is { } path ? $"the last finite checkpoint is {path}; " : "there is no checkpoint yet; ")
                + "lower the learning rate or the coefficients of the losses");
        }

        var snapshot = new PolicySnapshot
        {
            Experiment = run.Id,
            Version = _versions.Next(),
            LayoutHash = layout.Hash,
            Parameters = TensorCodec.ToByteString<float>(parameters),
            Step = step,
            EvaluationEpisodes = (uint)evaluationEpisodes,
            ExploreUniformly = exploreUniformly,
        };
        if (normalizer is not null)
        {
            snapshot.ObservationNormalizer = new NormalizerState { Count = normalizer.Count };
            snapshot.ObservationNormalizer.Mean.AddRange(normalizer.Mean.ToArray());
            snapshot.ObservationNormalizer.Variance.AddRange(normalizer.Variance.ToArray());
        }

        run.Policies.Publish(snapshot);
        if (evaluationEpisodes > 0)
        {
            run.Metrics.WriteHistograms(step, ByLayer("parameters", parameters));
        }
    }

    /// <summary>Adds how gradients and actions were spread in the last update; meant for steps with an evaluation.</summary>
    /// <param name="copyGradients">Writes [layout.Length].</param>
    /// <param name="actions">Of the update's batch, as the policy chose them.</param>
    /// <param name="step">Environment steps learned from.</param>
    public void WriteUpdate(CopyParameters copyGradients, float[] actions, long step)
    {
        var gradients = new float[layout.Length];
        copyGradients(gradients);
        run.Metrics.WriteHistograms(step, [.. ByLayer("gradients", gradients), ("actions", actions)]);
    }

    /// <summary>Remembers which loss was the first that was not finite.</summary>
    public void Watch(long step, IEnumerable<(string Name, double Value)> figures)
    {
        // Others may have no value for good reasons.
        static bool IsLoss(string name) => name.EndsWith("_loss", StringComparison.Ordinal) || name is "entropy" or "gradient_norm";
        foreach (var (name, value) in figures)
        {
            if (_firstBadFigure is null && IsLoss(name) && !double.IsFinite(value))
            {
                _firstBadFigure = string.Create(CultureInfo.InvariantCulture, $"{name} went first, {value} at step {step}");
            }
        }
    }

    /// <summary>Adds a line of training figures behind those that every algorithm has.</summary>
    public void WriteTraining(long step, long updates, IEnumerable<(string Name, double Value)> figures, TimeSpan learning) =>
        run.Metrics.Write(
            step,
            "train",
            [
                ("updates", updates),
                ("policy_version", Version),
                ("episodes", Returns.Episodes),
                ("episode_return_mean", Returns.MeanReturn),
                ("episode_length_mean", Returns.MeanLength),
                .. figures,
            ],
            learning);

    /// <summary>Writes the scores that came in.</summary>
    public void DrainEvaluations()
    {
        while (run.Evaluations.TryTake(out var report))
        {
            WriteEvaluation(report);
        }
    }

    /// <summary>Waits for the score of the newest weights, unless nobody is there to play, and writes what came in.</summary>
    public async Task AwaitEvaluationAsync(CancellationToken cancellation)
    {
        await run.Evaluations.WaitAsync(Version, EvaluatorGrace, cancellation);
        DrainEvaluations();
    }

    /// <summary>For a checkpoint.</summary>
    public void Save(JsonObject state) => state["episodes"] = Returns.ToJson();

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public void Load(JsonObject state) => Returns.FromJson(state["episodes"]!);

    /// <inheritdoc/>
    public void Dispose() => _probe.Dispose();

    private IEnumerable<(string, ReadOnlyMemory<float>)> ByLayer(string group, float[] values) =>
        layout.Parameters.Select(slice => ($"{group}/{slice.Name}", (ReadOnlyMemory<float>)values.AsMemory(slice.Offset, slice.Length)));

    private void WriteEvaluation(EvaluationReport report)
    {
        if (report.Returns.Count == 0)
        {
            // Every episode broke, which is no score; the evaluator has said why.
            return;
        }

        var mean = report.Returns.Average();
        var deviation = Math.Sqrt(report.Returns.Average(value => (value - mean) * (value - mean)));
        run.Metrics.Write(
            report.Step,
            "evaluation",
            [
                ("policy_version", report.PolicyVersion),
                ("episodes", report.Returns.Count),
                ("return_mean", mean),
                ("return_deviation", deviation),
                ("return_minimum", report.Returns.Min()),
                ("return_maximum", report.Returns.Max()),
                ("length_mean", report.Lengths.Average(length => (double)length)),
                ("broken_episodes", report.BrokenEpisodes),
            ]);
    }
}

/// <summary>Writes weights.</summary>
/// <param name="parameters">[layout.Length].</param>
internal delegate void CopyParameters(Span<float> parameters);
