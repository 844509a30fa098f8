using Grpc.Net.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Evaluator;

/// <summary>Plays the snapshots that ask for it and reports the scores, for all learners that share a queue.</summary>
/// <param name="exhibition">Shows what is scored.</param>
/// <param name="options">Where learners are, and how long an environment is waited for.</param>
/// <param name="logger">Says what goes wrong.</param>
public sealed class EvaluatorWorker(Exhibition exhibition, ServiceOptions options, ILogger<EvaluatorWorker> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var request = new EnlistRequest
        {
            Worker = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}",
            Role = WorkerRole.Evaluator,
        };
        await Enlistment.FollowAllAsync(
            options, request, logger, (learner, work) => WorkAsync(learner, work, stoppingToken), stoppingToken);
    }

    private async Task WorkAsync(GrpcChannel learner, IAsyncEnumerable<Assignment> work, CancellationToken stopping)
    {
        var followed = new Dictionary<string, (CancellationTokenSource Stop, Task Playing)>();
        try
        {
            await foreach (var message in work.WithCancellation(stopping))
            {
                var wanted = message.Beside.Prepend(message).Where(assignment => assignment.Experiment.Length > 0)
                    .ToDictionary(assignment => assignment.Experiment);
                foreach (var experiment in followed.Keys.Except(wanted.Keys).ToList())
                {
                    await LeaveAsync(experiment);
                }

                foreach (var (experiment, assignment) in wanted.Where(one => !followed.ContainsKey(one.Key)))
                {
                    var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                    var token = stop.Token;
                    followed[experiment] = (stop, Task.Run(
                        () => FollowAsync(learner, assignment, SpecReader.Read(assignment.Spec), token), CancellationToken.None));
                }
            }
        }
        finally
        {
            foreach (var experiment in followed.Keys.ToList())
            {
                await LeaveAsync(experiment);
            }
        }

        async Task LeaveAsync(string experiment)
        {
            followed.Remove(experiment, out var one);
            await one.Stop.CancelAsync();
            await one.Playing;
            one.Stop.Dispose();
        }
    }

    private async Task FollowAsync(GrpcChannel learner, Assignment work, ExperimentOptions spec, CancellationToken cancellation)
    {
        var evaluations = new Evaluations.EvaluationsClient(learner);
        var experiment = work.Experiment;
        long last = 0;
        PolicyEvaluator? evaluator = null;
        try
        {
            var watch = new CallWatch(options.EnvironmentPatience);
            var obstacle = EnvironmentFactory.Mismatch(spec.Environment, work.EnvironmentDigest);
            using var instruments = new EvaluatorInstruments(experiment);
            await using var newest = new PolicyFollower(
                new Protocol.V1.Policies.PoliciesClient(learner), experiment, evaluationsOnly: true, logger);
            while (true)
            {
                instruments.Waiting.Begin();
                var snapshot = await newest.WaitAsync(last, cancellation);
                instruments.Waiting.End();
                last = snapshot.Version;
                exhibition.Show(spec, snapshot);
                EvaluationReport report;
                try
                {
                    report = obstacle is not null ? Unplayed(snapshot, obstacle) : await watch.RunAsync(() => Evaluate(
                        () => evaluator ??= new PolicyEvaluator(spec, watch), snapshot, spec.Seed, cancellation));
                }
                catch (StuckEnvironmentException stuck)
                {
                    // What its thread uses is left to it.
                    (evaluator, obstacle) = (null, stuck.Message);
                    report = Unplayed(snapshot, obstacle);
                }

                if (report.BrokenEpisodes > 0)
                {
                    logger.LogWarning(
                        "{Broken} of {Episodes} episodes of version {Version} of {Experiment} broke and have no score: {Reason}",
                        report.BrokenEpisodes, snapshot.EvaluationEpisodes, snapshot.Version, experiment, report.Breakdown);
                }

                instruments.OnScore(report);
                report.Experiment = experiment;
                await Resilience.Forever("reporting a score", logger).ExecuteAsync(
                    async token => await evaluations.ReportAsync(report, cancellationToken: token), cancellation);
            }
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            // It has ended, or this process ends.
        }
        catch (Exception error)
        {
            logger.LogError(error, "evaluating {Experiment} failed", experiment);
        }
        finally
        {
            evaluator?.Dispose();
            exhibition.Close(spec);
        }
    }

    /// <summary>The score; of weights or an environment that cannot be played, that no episode has one: whoever waits for it goes
    /// on.</summary>
    private static EvaluationReport Evaluate(
        Func<PolicyEvaluator> evaluator, PolicySnapshot snapshot, ulong seed, CancellationToken cancellation)
    {
        try
        {
            return evaluator().Evaluate(snapshot, (int)snapshot.EvaluationEpisodes, seed, cancellation);
        }
        catch (InvalidDataException error)
        {
            return Unplayed(snapshot, error.Message);
        }
    }

    private static EvaluationReport Unplayed(PolicySnapshot snapshot, string reason) => new()
    {
        PolicyVersion = snapshot.Version,
        Step = snapshot.Step,
        BrokenEpisodes = snapshot.EvaluationEpisodes,
        Breakdown = reason,
    };
}
