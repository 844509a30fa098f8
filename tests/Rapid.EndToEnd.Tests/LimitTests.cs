using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Struct = Google.Protobuf.WellKnownTypes.Struct;
using Value = Google.Protobuf.WellKnownTypes.Value;

namespace Rapid.EndToEnd.Tests;

/// <summary>What callers who are let in can ask of the services, and what is too much.</summary>
public sealed class LimitTests : IDisposable
{
    // Not TestFolder: the path of a socket must be short.
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Workers_above_the_limit_are_told_to_come_again_and_do_when_one_leaves()
    {
        await using var learner = await StartAsync("learner", ("RAPID_MAX_WORKERS", "2"));
        using var channel = Open("learner");
        var client = new Assignments.AssignmentsClient(channel);
        var workers = Enumerable.Range(0, 2).Select(worker => Enlist(client, $"{worker}", 1)).ToList();
        foreach (var worker in workers)
        {
            Assert.True(await worker.ResponseStream.MoveNext(CancellationToken.None));
        }

        using var third = Enlist(client, "third", 1);
        var refused = await Assert.ThrowsAsync<RpcException>(() => third.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Contains("2 such calls are open, more are not taken (RAPID_MAX_WORKERS)", refused.Status.Detail, StringComparison.Ordinal);
        Assert.True(Resilience.IsTransient(refused));

        workers[0].Dispose();
        await EventuallyAsync(async () =>
        {
            using var again = Enlist(client, "third", 1);
            Assert.True(await again.ResponseStream.MoveNext(CancellationToken.None));
        });
        workers[1].Dispose();
    }

    [Fact]
    public async Task Watchers_above_the_limit_are_refused()
    {
        await using var evaluator = await StartAsync("evaluator", ("RAPID_MAX_SUBSCRIBERS", "1"));
        using var channel = Open("evaluator");
        var client = new EvaluationFrames.EvaluationFramesClient(channel);
        using var first = client.Watch(new WatchFramesRequest());

        // Whichever comes second is refused at once; the other waits for frames.
        using var second = client.Watch(new WatchFramesRequest());
        var ended = await Task.WhenAny(
            first.ResponseStream.MoveNext(CancellationToken.None), second.ResponseStream.MoveNext(CancellationToken.None));

        var refused = await Assert.ThrowsAsync<RpcException>(() => ended);
        Assert.Contains("RAPID_MAX_SUBSCRIBERS", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Experiments_wait_up_to_the_limit()
    {
        await using var learner = await StartAsync("learner", ("RAPID_MAX_QUEUED", "1"));
        using var channel = Open("learner");
        var client = new Experiments.ExperimentsClient(channel);
        var request = new SubmitRequest { Spec = new ExperimentSpec { Environment = new EnvironmentSpec { Name = "CartPole-v1" } } };
        var running = await client.SubmitAsync(request);
        await EventuallyAsync(async () => Assert.Equal(
            ExperimentState.Running, (await client.ListAsync(new ListRequest())).Experiments.Single(one => one.Id == running.Id).State));
        var waiting = await client.SubmitAsync(request);

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.SubmitAsync(request));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("RAPID_MAX_QUEUED", refused.Status.Detail, StringComparison.Ordinal);
        await client.CancelAsync(new CancelRequest { Id = waiting.Id });
        await client.SubmitAsync(request);
    }

    [Fact]
    public async Task Tables_are_made_up_to_the_limit()
    {
        await using var replay = await StartAsync("replay", ("RAPID_MAX_TABLES", "2"));
        using var channel = Open("replay");
        var client = new Replay.ReplayClient(channel);
        await client.CreateTableAsync(Table("a"));
        await client.CreateTableAsync(Table("b"));

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.CreateTableAsync(Table("c")));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("RAPID_MAX_TABLES", refused.Status.Detail, StringComparison.Ordinal);
        await client.CreateTableAsync(Table("a"));
        await client.DropTableAsync(new DropTableRequest { Name = "a" });
        await client.CreateTableAsync(Table("c"));

        static CreateTableRequest Table(string name) => new()
        {
            Definition = new TableDefinition { Name = name, Kind = TableKind.Queue, Store = StoreKind.Memory, CapacitySteps = 1 },
        };
    }

    [Theory]
    [InlineData(1001)]
    [InlineData(1_000_000)]
    [InlineData(8_000_000)]
    public async Task A_name_that_nothing_can_have_is_refused_before_anything_is_looked_for(int length)
    {
        await using var learner = await StartAsync("learner");
        await using var replay = await StartAsync("replay");
        using var channel = Open("learner");
        using var other = Open("replay");
        var (experiments, tables) = (new Experiments.ExperimentsClient(channel), new Replay.ReplayClient(other));
        var spec = new ExperimentSpec { Environment = new EnvironmentSpec { Name = "CartPole-v1" } };
        await experiments.SubmitAsync(new SubmitRequest { Spec = spec });
        var name = new string('x', length);

        await AssertRefusedAsync("id", async () => await experiments.CancelAsync(new CancelRequest { Id = name }));
        await AssertRefusedAsync("id", async () =>
        {
            using var watching = experiments.Watch(new WatchRequest { Id = name });
            await watching.ResponseStream.MoveNext(CancellationToken.None);
        });
        await AssertRefusedAsync("name", async () => await tables.DropTableAsync(new DropTableRequest { Name = name }));
        await AssertRefusedAsync("table", async () =>
        {
            using var appending = tables.Append();
            await appending.RequestStream.WriteAsync(new AppendRequest { Table = name });
            await appending.ResponseStream.MoveNext(CancellationToken.None);
        });
        await AssertRefusedAsync("table", async () =>
        {
            using var sampling = tables.Sample();
            await sampling.RequestStream.WriteAsync(new SampleRequest { Table = name });
            await sampling.ResponseStream.MoveNext(CancellationToken.None);
        });

        async Task AssertRefusedAsync(string field, Func<Task> call)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
            Assert.Equal($"{field}: has {length} characters, allowed: at most 1000 (RAPID_MAX_ID)", refused.Status.Detail);
        }
    }

    [Fact]
    public async Task Hundreds_of_workers_share_a_hundred_thousand_slots_while_the_learner_answers()
    {
        const int Slots = 100_000, Workers = 400;
        await using var learner = await StartAsync("learner");
        await using var replay = await StartAsync("replay");
        using var channel = Open("learner");
        var experiments = new Experiments.ExperimentsClient(channel);
        var spec = new ExperimentSpec
        {
            Environment = new EnvironmentSpec { Name = "CartPole-v1" },
            Actors = new ActorsSpec { Count = Slots, Environments = 1 },
            Algorithm = new AlgorithmSpec { Options = new Struct { Fields = { ["rollout_steps"] = Value.ForNumber(8) } } },
            TotalSteps = 8 * Slots,
        };
        var run = await experiments.SubmitAsync(new SubmitRequest { Spec = spec });
        using var ended = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        using var crowd = Open("learner");
        var client = new Assignments.AssignmentsClient(crowd);
        var held = new uint[Workers][];
        var workers = Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            using var enlisted = Enlist(client, $"{worker}", uint.MaxValue);
            while (await enlisted.ResponseStream.MoveNext(ended.Token))
            {
                held[worker] = [.. enlisted.ResponseStream.Current.Slots];
            }
        })).ToList();
        while (held.Sum(slots => slots?.Length ?? 0) < Slots)
        {
            var listed = await experiments.ListAsync(new ListRequest(), deadline: DateTime.UtcNow.AddSeconds(100));
            Assert.Equal(run.Id, Assert.Single(listed.Experiments).Id);
            Assert.False(ended.IsCancellationRequested, learner.Output);
            await Task.Delay(20);
        }

        Assert.Equal(Slots, held.SelectMany(slots => slots).Distinct().Count());
        await ended.CancelAsync();
        await Task.WhenAll(workers).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static AsyncServerStreamingCall<Assignment> Enlist(Assignments.AssignmentsClient client, string worker, uint slots) =>
        client.Enlist(new EnlistRequest { Worker = worker, Role = WorkerRole.Actor, MaxSlots = slots });

    private static async Task EventuallyAsync(Func<Task> what)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await what();
                return;
            }
            catch (Exception error) when (attempt < 600 && error is not OperationCanceledException)
            {
                await Task.Delay(100);
            }
        }
    }

    private ServiceAddress Socket(string service) => ServiceAddress.Unix(Path.Combine(_folder.FullName, service));

    private GrpcChannel Open(string service) => Channels.Open(Socket(service), new ServiceOptions { Listen = [] });

    private async Task<RapidProcess> StartAsync(string service, params (string Name, string Value)[] variables)
    {
        var process = RapidProcess.Start(_folder.FullName, [service], new Dictionary<string, string>(
            variables.Select(variable => KeyValuePair.Create(variable.Name, variable.Value)))
        {
            ["RAPID_LISTEN"] = $"{Socket(service)}",
            ["RAPID_LEARNER"] = $"{Socket("learner")}",
            ["RAPID_REPLAY"] = $"{Socket("replay")}",
        });
        await Eventually.TrueAsync(() => process.HasExited || process.Output.Contains("listening on"), () => process.Output);
        return process;
    }
}
