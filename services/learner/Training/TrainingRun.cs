using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Rapid.Agents;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Metrics;
using Rapid.Learner.Runs;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Training;

/// <summary>
/// A run in progress, of whatever algorithm: learn; publish the policy, ask for a score and write a checkpoint when they are due; until total_steps. How
/// experience comes, and how much is learned before the next policy, is its <see cref="Pace"/>.
/// </summary>
public sealed class TrainingRun : IAsyncDisposable
{
    private const string Normalizer = "observation_normalizer";

    private readonly GameLog? _games;
    private readonly Pace _pace;

    /// <summary>Prepares a run; <see cref="RunAsync"/> starts it.</summary>
    public TrainingRun(RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        (Context, Options) = (context, context.Options);
        using var environment = EnvironmentFactory.Create(Options.Environment);
        Layout = ExperimentPolicy.LayoutOf(Options, environment.ObservationSpace, environment.ActionSpace);
        Learner = LearnerFactory.Create(Options, Layout);
        Reports = new RunReports(context, Layout, environment);
        _games = ExperimentBlocks.SayGames(Options) ? context.Games : null;
        _pace = Pace.Of(this);
    }

    internal RunContext Context { get; }

    internal ExperimentOptions Options { get; }

    internal PolicyLayout Layout { get; }

    internal ILearner Learner { get; }

    internal RunReports Reports { get; }

    internal RunInstruments Instruments => Context.Metrics.Instruments;

    /// <summary>Environment steps that the updates so far account for.</summary>
    internal long Step { get; set; }

    internal long Updates { get; set; }

    /// <summary>Statistics of observations that the next policy is published with; null while, or where, they are not normalised.</summary>
    internal RunningMeanVariance? Observations { get; set; }

    /// <summary>Runs, or goes on from the newest checkpoint, until total_steps.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, after a checkpoint was written.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var keptFiles = Resume();
        await (Context.Kept?.BeginAsync(keptFiles, cancellation) ?? Task.CompletedTask);
        Publish(_pace.IsOver ? Reports.EpisodesOwed(Step) : 0);
        try
        {
            if (Options.Lockstep)
            {
                await Reports.AwaitEvaluationsAsync(cancellation);
            }

            await _pace.BeginAsync(cancellation);
            while (!_pace.IsOver)
            {
                await IterateAsync(cancellation);
            }

            await SaveCheckpointAsync(cancellation);
        }
        catch (Exception error) when (error is OperationCanceledException || RunObstacle.Of(error) is not null)
        {
            await (Context.Kept?.KeepInTimeAsync() ?? Task.CompletedTask);
            await Context.SaveAsync(SaveCheckpoint, cancellation);
            throw;
        }

        await Reports.AwaitEvaluationsAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _pace.DisposeAsync();
        Reports.Dispose();
        Learner.Dispose();
    }

    /// <summary>Hands the policy to those who act.</summary>
    /// <param name="evaluationEpisodes">Episodes to score it with; 0 for none.</param>
    /// <param name="trace">Of the update that it came of; null when it is not followed.</param>
    internal void Publish(int evaluationEpisodes, Activity? trace = null)
    {
        Reports.Publish(
            Learner.Parameters, Step, evaluationEpisodes, Observations, _pace.IsWarmingUp, traceparent: BlockTraces.Of(trace));
        _games?.GoOnAt(Reports.Version);
    }

    /// <summary>Takes note of the games and episodes of a block that was learned from.</summary>
    internal void Remember(Trajectory block)
    {
        if (_games?.Append(block) == false)
        {
            Context.Logger.LogWarning(
                "a game of slot {Slot} has more than {Steps} steps, which are too many to remember: a run that goes on before it ends "
                    + "begins new episodes there, and is not that of a run that was never stopped",
                block.Slot, GameLog.MostSteps);
        }

        foreach (var episode in block.Episodes)
        {
            Reports.Returns.Add(episode.Return, episode.Length);
        }
    }

    private async Task IterateAsync(CancellationToken cancellation)
    {
        var before = Step;
        using var trace = await _pace.LearnAsync(cancellation);
        var episodes = Reports.EpisodesDue(before, Step);
        if (episodes > 0 || _pace.IsPolicyDue)
        {
            Publish(episodes, trace);
            trace?.SetTag("rapid.step", Step).SetTag("rapid.policy_version", Reports.Version).Stop();
            await _pace.ReportAsync(episodes, cancellation);
            if (episodes > 0 && !_pace.IsOver)
            {
                await Reports.AwaitRoomForEvaluationAsync(cancellation);
            }

            Reports.DrainEvaluations();
        }

        if (!_pace.IsOver && RunReports.Crosses(Options.Checkpoint.IntervalSteps, before, Step))
        {
            await SaveCheckpointAsync(cancellation);
        }
    }

    private async Task SaveCheckpointAsync(CancellationToken cancellation)
    {
        await (Context.Kept?.KeepAsync(cancellation) ?? Task.CompletedTask);
        SaveCheckpoint();
    }

    private void SaveCheckpoint()
    {
        var began = Instruments.Begin(UpdateStage.Checkpoint);
        var bag = new StateBag();
        Visit(bag);
        Reports.Save(bag.Tensors, bag.Values);
        if (Context.Kept is { } kept)
        {
            bag.Values["kept_files"] = kept.Files;
        }

        Instruments.OnCheckpoint(Context.Checkpoints.Save(new Checkpoint(Step, Updates, bag.Tensors, bag.Values, _games?.Save())));
        Instruments.End(UpdateStage.Checkpoint, began);
    }

    /// <returns>Files of kept transitions that the checkpoint relies on.</returns>
    private int Resume()
    {
        var (keptFiles, initial) = (0, Observations);
        Context.Checkpoints.Restore(checkpoint =>
        {
            Observations = checkpoint.State.ContainsKey(Normalizer) ? new RunningMeanVariance(Layout.ObservationSize) : initial;
            Visit(new StateBag(checkpoint.Tensors, checkpoint.State));
            Reports.Load(checkpoint.Tensors, checkpoint.State);
            keptFiles = (int?)checkpoint.State["kept_files"] ?? 0;
            _games?.Load(checkpoint.Games);
            (Step, Updates) = (checkpoint.Step, checkpoint.Updates);
        });

        // What was learned after the checkpoint, or before the first one, is learned again.
        Reports.GoOnFrom(Step);
        return keptFiles;
    }

    /// <summary>Visits all that goes on after a restart but reports, games and the counts that every checkpoint has.</summary>
    private void Visit(StateBag bag)
    {
        // Also for those who act with the policy of a checkpoint.
        bag.Visit("graph", Layout.Graph);
        Learner.Visit(bag.Part("algorithm"));
        _pace.Visit(bag);
        if (Observations is not null)
        {
            bag.Visit(Normalizer, Observations);
        }
    }
}
