using System.Text.Json.Nodes;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Metrics;

namespace Rapid.Learner.Training;

/// <content>What a checkpoint holds.</content>
public sealed partial class OffPolicyTraining
{
    private async Task SaveCheckpointIfDueAsync(long before, CancellationToken cancellation)
    {
        if (!IsOver && RunReports.Crosses(_options.Checkpoint.IntervalSteps, before, _step))
        {
            await SaveCheckpointAsync(cancellation);
        }
    }

    private async Task SaveCheckpointAsync(CancellationToken cancellation)
    {
        await (_run.Kept?.KeepAsync(cancellation) ?? Task.CompletedTask);
        SaveCheckpoint();
    }

    private void SaveCheckpoint()
    {
        var began = _instruments.Begin(UpdateStage.Checkpoint);
        var tensors = new Dictionary<string, TensorData>();
        var algorithm = new JsonObject();
        _learner.Save(tensors, algorithm);
        var state = new JsonObject { ["algorithm"] = algorithm, ["broken_environments"] = _brokenEnvironments };
        if (_run.Kept is { } kept)
        {
            state["kept_files"] = kept.Files;
        }

        _reports.Save(tensors, state);
        if (_observations is not null)
        {
            state["observation_normalizer"] = StateJson.From(_observations);
        }

        _instruments.OnCheckpoint(_run.Checkpoints.Save(new Checkpoint(_step, _updates, tensors, state)));
        _instruments.End(UpdateStage.Checkpoint, began);
    }

    /// <returns>Files of kept transitions that the checkpoint relies on.</returns>
    private int Resume()
    {
        var keptFiles = 0;
        _run.Checkpoints.Restore(checkpoint =>
        {
            _learner.Load(checkpoint.Tensors, checkpoint.State["algorithm"]!.AsObject());
            _reports.Load(checkpoint.Tensors, checkpoint.State);
            _brokenEnvironments = (ulong)checkpoint.State["broken_environments"]!;
            keptFiles = (int?)checkpoint.State["kept_files"] ?? 0;
            _observations = null;
            if (checkpoint.State["observation_normalizer"] is { } statistics)
            {
                _observations = new RunningMeanVariance(_layout.ObservationSize);
                StateJson.To(statistics, _observations);
            }

            (_step, _updates) = (checkpoint.Step, checkpoint.Updates);
        });

        // What was learned after the checkpoint, or before the first one, is learned again.
        _reports.GoOnFrom(_step);
        return keptFiles;
    }
}
