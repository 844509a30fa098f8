using System.Globalization;
using System.Text.Json.Nodes;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Learner.Metrics;
using Rapid.Learner.Runs;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Learner.Training;

/// <summary>What every training loop tells the outside: weights to those who act, scores and figures to those who watch.</summary>
internal sealed class RunReports : IDisposable
{
    // One batch may be to blame; weights that make every loss overflow never change again.
    private const int MostBadUpdates = 10;

    private readonly PolicyVersions _versions;
    private readonly PendingEvaluations _evaluations;
    private readonly PolicyProbe _probe;
    private readonly RunContext _run;
    private readonly PolicyLayout _layout;
    private string? _firstBadFigure;
    private int _badUpdates;
    private IReadOnlySet<long> _scored = new HashSet<long>();

    /// <param name="run">The run.</param>
    /// <param name="layout">The policy's parameters.</param>
    /// <param name="environment">What the policy is tried on before it is published.</param>
    public RunReports(RunContext run, PolicyLayout layout, IEnvironment environment)
    {
        (_run, _layout) = (run, layout);
        _versions = new PolicyVersions(run.Directory.Versions, run.Directory.MayWrite);
        _evaluations = new PendingEvaluations(run, _versions);
        _probe = new PolicyProbe(run.Options, layout, environment);
    }

    /// <summary>Returns of training episodes.</summary>
    public ReturnWindow Returns { get; } = new(100);

    /// <summary>The version published last.</summary>
    public long Version => _versions.Newest;

    /// <summary>Episodes that the weights of a step are to be scored with; 0 for none.</summary>
    /// <param name="before">The step before the last update.</param>
    /// <param name="step">The step now.</param>
    public int EpisodesDue(long before, long step)
    {
        var evaluation = _run.Options.Evaluation;
        return step >= _run.Options.TotalSteps ? evaluation.FinalEpisodes
            : Crosses(evaluation.IntervalSteps, before, step) ? evaluation.Episodes
            : 0;
    }

    /// <summary>Whether a multiple of an interval lies between two steps.</summary>
    public static bool Crosses(long interval, long before, long step) => interval > 0 && step / interval > before / interval;

    /// <summary>Publishes weights.</summary>
    /// <param name="weights">[layout.Length].</param>
    /// <param name="step">Environment steps learned from.</param>
    /// <param name="evaluationEpisodes">Episodes to score them with; 0 for none.</param>
    /// <param name="normalizer">Statistics of observations; null when they are not normalised.</param>
    /// <param name="exploreUniformly">Actors act at random, whatever the weights.</param>
    /// <param name="traceparent">Trace context of the update that they came of; empty when it is not followed.</param>
    /// <exception cref="InvalidDataException">The policy is not finite: nobody can act with it, and nothing can be learned any
    /// more.</exception>
    public void Publish(
        Tensor weights, long step, int evaluationEpisodes, RunningMeanVariance? normalizer, bool exploreUniformly = false,
        string traceparent = "")
    {
        var began = _run.Metrics.Instruments.Begin(UpdateStage.Publish);
        var parameters = new float[_layout.Length];
        TensorMemory.CopyTo(weights, parameters);
        if (_probe.Problem(parameters, normalizer) is { } problem)
        {
            throw Diverged(step, problem);
        }

        var snapshot = new PolicySnapshot
        {
            Experiment = _run.Id,
            Version = _versions.Next(),
            Graph = _layout.Graph,
            Parameters = TensorCodec.ToByteString<float>(parameters),
            Step = step,
            EvaluationEpisodes = (uint)evaluationEpisodes,
            ExploreUniformly = exploreUniformly,
            Traceparent = traceparent,
        };
        if (normalizer is not null)
        {
            snapshot.ObservationNormalizer = new NormalizerState
            {
                Count = normalizer.Count,
                Clip = _run.Options.Normalization.ObservationClip,
            };
            snapshot.ObservationNormalizer.Mean.AddRange(normalizer.Mean.ToArray());
            snapshot.ObservationNormalizer.Variance.AddRange(normalizer.Variance.ToArray());
        }

        _run.Policies.Publish(snapshot);
        if (evaluationEpisodes > 0)
        {
            _evaluations.Add(snapshot);
            _run.Metrics.WriteHistograms(step, ByLayer("parameters", parameters));
        }

        _run.Metrics.Instruments.End(UpdateStage.Publish, began);
    }

    /// <summary>Adds how gradients and actions were spread in the last update; meant for steps with an evaluation.</summary>
    /// <param name="gradient">[layout.Length].</param>
    /// <param name="actions">Of the update's batch, as the policy chose them.</param>
    /// <param name="step">Environment steps learned from.</param>
    public void WriteUpdate(Tensor gradient, float[] actions, long step)
    {
        var gradients = new float[_layout.Length];
        TensorMemory.CopyTo(gradient, gradients);
        _run.Metrics.WriteHistograms(step, [.. ByLayer("gradients", gradients), ("actions", actions)]);
    }

    /// <summary>Looks for losses that are not finite, and remembers which was the first.</summary>
    /// <exception cref="InvalidDataException">They have not been finite for so long that they never will be.</exception>
    public void Watch(long step, IEnumerable<(string Name, double Value)> figures)
    {
        // Others may have no value for good reasons.
        static bool IsLoss(string name) => name.EndsWith("_loss", StringComparison.Ordinal) || name is "entropy" or "gradient_norm";
        if (figures.FirstOrDefault(figure => IsLoss(figure.Name) && !double.IsFinite(figure.Value)) is not { Name: { } name, Value: var value })
        {
            _badUpdates = 0;
            return;
        }

        _firstBadFigure ??= string.Create(CultureInfo.InvariantCulture, $"{name} went first, {value} at step {step}");
        if (++_badUpdates == MostBadUpdates)
        {
            throw Diverged(step, $"losses were NaN or infinite {MostBadUpdates} times on end");
        }
    }

    /// <summary>Adds a line of training figures behind those that every algorithm has.</summary>
    public void WriteTraining(long step, long updates, IEnumerable<(string Name, double Value)> figures, TimeSpan learning) =>
        _run.Metrics.Write(
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
        while (_run.Evaluations.TryTake(out var report))
        {
            WriteEvaluation(report);
        }
    }

    /// <summary>Waits for every score that was asked for, unless nobody is there to play, and writes what came in.</summary>
    public async Task AwaitEvaluationsAsync(CancellationToken cancellation)
    {
        await _evaluations.WaitAsync(cancellation);
        DrainEvaluations();
    }

    /// <summary>After an evaluation was asked for: waits until another may be; in lockstep, where the same must happen in every run, for its
    /// score.</summary>
    public async Task AwaitRoomForEvaluationAsync(CancellationToken cancellation)
    {
        if (_run.Options.Lockstep)
        {
            await AwaitEvaluationsAsync(cancellation);
            return;
        }

        DrainEvaluations();
        await _evaluations.WaitForRoomAsync(cancellation);
        DrainEvaluations();
    }

    /// <summary>For a checkpoint.</summary>
    public void Save(IDictionary<string, TensorData> tensors, JsonObject state)
    {
        _evaluations.Save(tensors);
        state["episodes"] = Returns.ToJson();
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state)
    {
        _evaluations.Load(tensors);
        Returns.FromJson(state["episodes"]!);
    }

    /// <summary>Forgets what was reported of later steps, and asks again for scores that were under way.</summary>
    /// <param name="step">Where the run goes on.</param>
    public void GoOnFrom(long step)
    {
        _scored = _run.Metrics.TruncateAfter(step);
        _evaluations.AskAgain(_scored);
    }

    /// <summary>Episodes of a final evaluation that a run still owes that went on from its last step.</summary>
    public int EpisodesOwed(long step) =>
        step < _run.Options.TotalSteps || _scored.Contains(step) || _evaluations.Has(step) ? 0 : _run.Options.Evaluation.FinalEpisodes;

    /// <inheritdoc/>
    public void Dispose() => _probe.Dispose();

    private IEnumerable<(string, ReadOnlyMemory<float>)> ByLayer(string group, float[] values) =>
        _layout.Parameters.Select(slice => ($"{group}/{slice.Name}", (ReadOnlyMemory<float>)values.AsMemory(slice.Offset, slice.Length)));

    private InvalidDataException Diverged(long step, string problem) => new(
        $"the policy is not finite: at step {step} {problem}; {_firstBadFigure ?? "every loss before was finite"}; "
        + (_run.Checkpoints.NewestPath is { } path ? $"the last finite checkpoint is {path}; " : "there is no checkpoint yet; ")
        + "lower the learning rate or the coefficients of the losses");

    private void WriteEvaluation(EvaluationReport report)
    {
        _evaluations.Remove(report.PolicyVersion);
        if (report.Returns.Count == 0)
        {
            // Every episode broke, which is no score; the evaluator has said why.
            return;
        }

        var mean = report.Returns.Average();
        var deviation = Math.Sqrt(report.Returns.Average(value => (value - mean) * (value - mean)));
        _run.Metrics.Write(
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
                ("skipped_evaluations", _evaluations.Skipped),
            ]);
    }
}
