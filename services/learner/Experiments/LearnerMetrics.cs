using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Rapid.Hosting;
using Rapid.Learner.Slots;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Experiments;

/// <summary>What is there whether an experiment runs or none, read when somebody collects it.</summary>
public sealed class LearnerMetrics(ExperimentRegistry registry, AssignmentBoard board) : IHostedService, IDisposable
{
    private static readonly ExperimentState[] States =
        [ExperimentState.Pending, ExperimentState.Running, ExperimentState.Finished, ExperimentState.Cancelled, ExperimentState.Failed];

    private readonly Meter _meter = new("Rapid.Learner");
    private readonly ConcurrentDictionary<WaitClock, bool> _running = [];

    /// <summary>Says how long a run that is learning now waits for trajectories.</summary>
    public void Follow(WaitClock run)
    {
        ArgumentNullException.ThrowIfNull(run);
        run.Start();
        _running[run] = true;
    }

    /// <summary>The run, if it was followed, learns no more.</summary>
    public void Unfollow(WaitClock run) => _running.TryRemove(run, out _);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The name ends as collectors that know units would end it: autoscalers ask for rapid_learner_starvation_ratio.
        _meter.CreateObservableGauge(
            "rapid.learner.starvation.ratio",
            () => _running.Keys.Select(run => run.Share(WaitClock.LongestWindow)).DefaultIfEmpty().Max(), "1",
            "Share of the last minute that a running experiment waited for trajectories, the largest of all; 0 while none runs");
        _meter.CreateObservableGauge("rapid.learner.experiments", CountExperiments, "{experiment}", "Experiments by their state");
        _meter.CreateObservableGauge("rapid.learner.workers", CountWorkers, "{worker}", "Enlisted workers by their role");
        _meter.CreateObservableGauge(
            "rapid.learner.subscribers", () => registry.All.Sum(record => record.Policies.Subscribers), "{subscriber}",
            "Open subscriptions to policies");
        _meter.CreateObservableGauge(
            "rapid.learner.unscored", () => registry.All.Sum(record => record.Policies.Unscored), "{snapshot}",
            "Policies that wait for their score");
        _meter.CreateObservableGauge(
            "rapid.learner.waiting", () => registry.All.Count(record => record.IsObstructed), "{run}",
            "Runs that something keeps from going on");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<int>> CountExperiments()
    {
        var all = registry.All;
        return States.Select(state => new Measurement<int>(
            all.Count(record => record.State == state), new KeyValuePair<string, object?>("state", state.ToString().ToLowerInvariant())));
    }

    private IEnumerable<Measurement<int>> CountWorkers() => ((WorkerRole[])[WorkerRole.Actor, WorkerRole.Evaluator]).Select(role =>
        new Measurement<int>(board.Count(role), new KeyValuePair<string, object?>("role", role.ToString().ToLowerInvariant())));
}
