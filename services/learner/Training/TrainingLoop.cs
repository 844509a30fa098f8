using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Rapid.Agents;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Experiments;
using Rapid.Learner.Metrics;
using Rapid.Learner.Replay;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Training;

/// <summary>
/// Collect a batch, learn from it, publish the weights; now and then checkpoint and ask for an evaluation. Ends at total_steps.
/// </summary>
public sealed class TrainingLoop : ITraining
{
    private readonly RunContext _run;
    private readonly ExperimentOptions _options;
    private readonly PolicyLayout _layout;
    private readonly IRolloutLearner _learner;
    private readonly ReplayedUpdate? _replayed;
    private readonly BatchCollector _collector;
    private readonly RunningMeanVariance? _observations;
    private readonly RunReports _reports;
    private readonly GameLog? _games;
    private readonly RunInstruments _instruments;
    private long _step;
    private long _updates;

    /// <summary>Prepares a run; <see cref="RunAsync"/> starts it.</summary>
    public TrainingLoop(RunContext run)
    {
        ArgumentNullException.ThrowIfNull(run);
        (_run, _instruments) = (run, run.Metrics.Instruments);
        _options = run.Options;
        using var environment = EnvironmentFactory.Create(_options.Environment);
        _layout = ExperimentPolicy.LayoutOf(_options, environment.ObservationSpace, environment.ActionSpace);
        _learner = (IRolloutLearner)LearnerFactory.Create(_options, _layout);
        _replayed = _learner is IReplayingLearner replaying && run.Tables.Sequences is { } sequences
            ? new ReplayedUpdate(replaying, sequences, _options.Learner.Threads)
            : null;
        _reports = new RunReports(run, _layout, environment);
        _collector = new BatchCollector(
            run.Trajectories, _options.Actors.Count, _options.Lockstep, _options.Replay.MaxPolicyLag, run.Logger);
        _games = ExperimentBlocks.SayGames(_options) ? run.Games : null;
        _observations = _options.Normalization.Observations ? new RunningMeanVariance(_layout.ObservationSize) : null;
    }

    /// <summary>Runs, or goes on from the newest checkpoint, until total_steps.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, after a checkpoint was written.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Resume();
        Publish(_reports.EpisodesOwed(_step));
        try
        {
            if (_options.Lockstep)
            {
                await _reports.AwaitEvaluationsAsync(cancellation);
            }

            while (_step < _options.TotalSteps)
            {
                await IterateAsync(cancellation);
            }

            SaveCheckpoint();
        }
        catch (Exception error) when (error is OperationCanceledException || RunObstacle.Of(error) is not null)
        {
            await _run.SaveAsync(SaveCheckpoint, cancellation);
            throw;
        }

        await _reports.AwaitEvaluationsAsync(cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reports.Dispose();
        _learner.Dispose();
    }

    private async Task IterateAsync(CancellationToken cancellation)
    {
        IReadOnlyList<ReceivedBlock> blocks;
        var began = _instruments.Begin(UpdateStage.Wait);
        try
        {
            blocks = await _collector.CollectAsync(_reports.Version, cancellation);
        }
        catch (TableLostException)
        {
            // Blocks that actors believe delivered are gone. New weights, even equal ones, make every actor collect again.
            Publish(0);
            return;
        }
        finally
        {
            _instruments.End(UpdateStage.Wait, began);
        }

        using var trace = UpdateTraces.Begin(_run.Id, blocks);
        began = _instruments.Begin(UpdateStage.Learn);
        Trajectory[] batch = [.. blocks.Select(block => block.Trajectory)];
        var progress = (double)_step / _options.TotalSteps;
        TorchThreads.Use(_options.Learner.Threads);
        var figures = _replayed is null
            ? _learner.Update(batch, progress, cancellation)
            : await _replayed.UpdateAsync(batch, progress, cancellation);
        var learning = _instruments.End(UpdateStage.Learn, began);
        var before = _step;
        foreach (var block in blocks)
        {
            _instruments.OnBlock(_reports.Version - block.Trajectory.PolicyVersion);
            Account(block.Trajectory);
        }

        _updates++;
        var lag = blocks.Average(block => _reports.Version - block.Trajectory.PolicyVersion);
        var isLast = _step >= _options.TotalSteps;
        var episodes = _reports.EpisodesDue(before, _step);
        _reports.Watch(_step, figures);
        Publish(episodes, trace);
        trace?.SetTag("rapid.step", _step).SetTag("rapid.policy_version", _reports.Version).Stop();
        // Before anything that a stop may interrupt: the checkpoint that follows holds this update.
        WriteTraining(figures, lag, learning);
        if (episodes > 0)
        {
            _reports.WriteUpdate(_learner.CopyGradients, ActionsOf(batch), _step);
        }

        await _run.Trajectories.ReleaseAsync(blocks, cancellation);
        if (episodes > 0 && !isLast)
        {
            await _reports.AwaitRoomForEvaluationAsync(cancellation);
        }

        _reports.DrainEvaluations();
        if (!isLast && RunReports.Crosses(_options.Checkpoint.IntervalSteps, before, _step))
        {
            SaveCheckpoint();
        }
    }

    private void Account(Trajectory block)
    {
        _step += (long)block.Steps * block.Environments;
        if (_games?.Append(block) == false)
        {
            _run.Logger.LogWarning(
                "a game of slot {Slot} has more than {Steps} steps, which are too many to remember: a run that goes on before it ends "
                    + "begins new episodes there, and is not that of a run that was never stopped",
                block.Slot, GameLog.MostSteps);
        }

        foreach (var episode in block.Episodes)
        {
            _reports.Returns.Add(episode.Return, episode.Length);
        }

        if (_observations is not null)
        {
            var moments = block.Doubles(TrajectoryColumns.ObservationMoments, 2, _layout.ObservationSize);
            var count = block.Doubles(TrajectoryColumns.ObservationCount, 1)[0];
            _observations.Merge(moments[.._layout.ObservationSize], moments[_layout.ObservationSize..], count);
        }
    }

    private float[] ActionsOf(IEnumerable<Trajectory> batch) => [.. batch.SelectMany(block =>
    {
        var (steps, environments) = ((int)block.Steps, (int)block.Environments);
        return _layout.IsDiscrete
            ? Array.ConvertAll(block.Longs(TrajectoryColumns.Actions, steps, environments).ToArray(), Convert.ToSingle)
            : block.Floats(TrajectoryColumns.Actions, steps, environments, _layout.ActionSize).ToArray();
    })];

    private void Publish(int evaluationEpisodes, Activity? trace = null)
    {
        _reports.Publish(_learner.CopyParameters, _step, evaluationEpisodes, _observations, traceparent: BlockTraces.Of(trace));
        _games?.GoOnAt(_reports.Version);
    }

    private void WriteTraining(IReadOnlyList<(string Name, double Value)> figures, double lag, TimeSpan learning) => _reports.WriteTraining(
        _step,
        _updates,
        [
            ("policy_lag", lag),
            ("stale_blocks", _collector.StaleBlocks),
            ("invalid_blocks", _run.Trajectories.InvalidAnswers),
            ("unpublished_blocks", _collector.UnpublishedBlocks),
            ("broken_environments", _collector.BrokenEnvironments),
            .. figures,
        ],
        learning);

    private void SaveCheckpoint()
    {
        var began = _instruments.Begin(UpdateStage.Checkpoint);
        var tensors = new Dictionary<string, TensorData>();
        var algorithm = new JsonObject();
        _learner.Save(tensors, algorithm);
        var state = new JsonObject
        {
            ["algorithm"] = algorithm,
            ["stale_blocks"] = _collector.StaleBlocks,
            ["broken_environments"] = _collector.BrokenEnvironments,
        };
        _reports.Save(tensors, state);
        if (_observations is not null)
        {
            state["observation_normalizer"] = StateJson.From(_observations);
        }

        _instruments.OnCheckpoint(_run.Checkpoints.Save(new Checkpoint(_step, _updates, tensors, state, _games?.Save())));
        _instruments.End(UpdateStage.Checkpoint, began);
    }

    private void Resume()
    {
        _run.Checkpoints.Restore(checkpoint =>
        {
            _learner.Load(checkpoint.Tensors, checkpoint.State["algorithm"]!.AsObject());
            _reports.Load(checkpoint.Tensors, checkpoint.State);
            _collector.StaleBlocks = (long)checkpoint.State["stale_blocks"]!;
            _collector.BrokenEnvironments = (long)checkpoint.State["broken_environments"]!;
            if (_observations is not null)
            {
                StateJson.To(checkpoint.State["observation_normalizer"]!, _observations);
            }

            _games?.Load(checkpoint.Games);
            (_step, _updates) = (checkpoint.Step, checkpoint.Updates);
        });

        // What was learned after the checkpoint, or before the first one, is learned again.
        _reports.GoOnFrom(_step);
    }
}
