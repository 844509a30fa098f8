using Grpc.Core;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Specs;
using Struct = Google.Protobuf.WellKnownTypes.Struct;
using Value = Google.Protobuf.WellKnownTypes.Value;

namespace Rapid.Learner.Tests.Services;

public class BadCallTests
{
    [Fact]
    public async Task A_wrong_spec_is_refused_with_every_problem()
    {
        await using var services = await StartAsync();
        var spec = new ExperimentSpec
        {
            TotalSteps = -1,
            Environment = new EnvironmentSpec { Name = "CartPol-v1" },
            Algorithm = new AlgorithmSpec { Options = new Struct { Fields = { ["clip_range"] = Value.ForNumber(7) } } },
        };
        var status = await StatusOf(async () => await services.Experiments.SubmitAsync(new SubmitRequest { Spec = spec }));
        Assert.Equal(StatusCode.InvalidArgument, status.StatusCode);
        foreach (var part in (string[])["total_steps", "environment.name", "CartPole-v1", "algorithm.clip_range"])
        {
            Assert.Contains(part, status.Detail, StringComparison.Ordinal);
        }

        var withoutSpec = await StatusOf(async () => await services.Experiments.SubmitAsync(new SubmitRequest()));
        Assert.Equal(StatusCode.InvalidArgument, withoutSpec.StatusCode);
        Assert.Empty((await services.Experiments.ListAsync(new ListRequest())).Experiments);
    }

    [Fact]
    public async Task Every_problem_of_a_spec_is_a_field_violation_of_the_rich_status()
    {
        await using var services = await StartAsync();
        var spec = new ExperimentSpec
        {
            TotalSteps = -1,
            Environment = new EnvironmentSpec { Name = "CartPole-v1" },
            Algorithm = new AlgorithmSpec { Options = new Struct { Fields = { ["clip_range"] = Value.ForNumber(7) } } },
        };

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await services.Experiments.SubmitAsync(new SubmitRequest { Spec = spec }));

        var status = error.GetRpcStatus()!;
        Assert.Equal(((int)StatusCode.InvalidArgument, error.Status.Detail), (status.Code, status.Message));
        var violations = status.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations;
        Assert.Equal(["algorithm.clip_range", "total_steps"], violations.Select(violation => violation.Field).Order());
        Assert.Equal(error.Status.Detail.Split('\n'), violations.Select(violation => $"{violation.Field}: {violation.Description}"));
        Assert.Equal(violations.Select(violation => (violation.Field, violation.Description)), FieldErrors.Of(error));
    }

    [Fact]
    public async Task Unknown_experiments_are_not_found_and_the_nearest_is_named()
    {
        await using var services = await StartAsync();
        var id = (await services.Experiments.SubmitAsync(new SubmitRequest { Spec = SpecWriter.ToMessage(LearnerAndReplay.Spec(1)) })).Id;
        var status = await StatusOf(async () => await services.Experiments.CancelAsync(new CancelRequest { Id = id + "x" }));
        Assert.Equal(StatusCode.NotFound, status.StatusCode);
        Assert.Contains(id, status.Detail, StringComparison.Ordinal);
        using var watch = services.Experiments.Watch(new WatchRequest { Id = "none" });
        Assert.Equal(StatusCode.NotFound, (await StatusOf(async () => await watch.ResponseStream.MoveNext(default))).StatusCode);
        using var policies = new Protocol.V1.Policies.PoliciesClient(services.ToLearner)
            .Subscribe(new SubscribeRequest { Experiment = "none" });
        Assert.Equal(StatusCode.NotFound, (await StatusOf(async () => await policies.ResponseStream.MoveNext(default))).StatusCode);
    }

    [Theory]
    [InlineData("w", WorkerRole.Unspecified, 1u, "role")]
    [InlineData("w", (WorkerRole)9, 1u, "role")]
    [InlineData("", WorkerRole.Actor, 1u, "worker")]
    [InlineData("w", WorkerRole.Actor, 0u, "max_slots")]
    public async Task An_enlistment_that_makes_no_sense_is_refused(string worker, WorkerRole role, uint slots, string field)
    {
        await using var services = await StartAsync();
        using var call = new Assignments.AssignmentsClient(services.ToLearner)
            .Enlist(new EnlistRequest { Worker = worker, Role = role, MaxSlots = slots });
        var status = await StatusOf(async () => await call.ResponseStream.MoveNext(default));
        Assert.Equal(StatusCode.InvalidArgument, status.StatusCode);
        Assert.StartsWith(field, status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_score_counts_once_and_only_when_the_run_asked_for_it()
    {
        await using var services = await StartAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        // A life of a run begins without scores.
        await LearnerAndReplay.Until(() => record.State == ExperimentState.Running);
        var client = new Evaluations.EvaluationsClient(services.ToLearner);
        EvaluationReport Report(long version, params double[] returns)
        {
            var report = new EvaluationReport { Experiment = record.Directory.Id, PolicyVersion = version };
            report.Returns.AddRange(returns);
            report.Lengths.AddRange(returns.Select(_ => 1u));
            return report;
        }

        foreach (var report in (EvaluationReport[])[Report(5), Report(5, double.NaN)])
        {
            Assert.Equal(StatusCode.InvalidArgument, (await StatusOf(async () => await client.ReportAsync(report))).StatusCode);
        }

        Assert.False((await client.ReportAsync(Report(5, 1))).Accepted);
        record.Policies.Publish(new PolicySnapshot { Version = 5, EvaluationEpisodes = 1 });
        Assert.True((await client.ReportAsync(Report(5, 1))).Accepted);
        Assert.False((await client.ReportAsync(Report(5, 1))).Accepted);
        Assert.True(record.Evaluations.TryTake(out var taken));
        Assert.Equal(1, Assert.Single(taken.Returns));
        Assert.False(record.Evaluations.TryTake(out _));

        record.Policies.Publish(new PolicySnapshot { Version = 6, EvaluationEpisodes = 1 });
        var broken = Report(6);
        broken.BrokenEpisodes = 1;
        Assert.True((await client.ReportAsync(broken)).Accepted);
    }

    [Fact]
    public async Task Watching_and_following_end_with_the_experiment()
    {
        await using var services = await StartAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        using var watch = services.Experiments.Watch(new WatchRequest { Id = record.Directory.Id });
        Assert.True(await watch.ResponseStream.MoveNext(default));
        using var policies = new Protocol.V1.Policies.PoliciesClient(services.ToLearner)
            .Subscribe(new SubscribeRequest { Experiment = record.Directory.Id });
        record.OnMetrics(10, "train", [("loss", 0.5), ("kl", double.NaN)]);
        await services.Experiments.CancelAsync(new CancelRequest { Id = record.Directory.Id });
        var events = new List<ExperimentEvent>();
        await foreach (var what in watch.ResponseStream.ReadAllAsync())
        {
            events.Add(what);
        }

        Assert.Contains(events, what =>
            what.Metrics is { Step: 10 } metrics && metrics.Values["loss"] == 0.5 && double.IsNaN(metrics.Values["kl"]));
        Assert.Equal(ExperimentState.Cancelled, events[^1].Experiment.State);
        Assert.False(await policies.ResponseStream.MoveNext(default).WaitAsync(TimeSpan.FromSeconds(30)));
        using var late = new Protocol.V1.Policies.PoliciesClient(services.ToLearner)
            .Subscribe(new SubscribeRequest { Experiment = record.Directory.Id });
        Assert.False(await late.ResponseStream.MoveNext(default).WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private static async Task<LearnerAndReplay> StartAsync()
    {
        var services = new LearnerAndReplay();
        await services.StartLearnerAsync();
        return services;
    }

    private static async Task<Status> StatusOf(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).Status;
}
