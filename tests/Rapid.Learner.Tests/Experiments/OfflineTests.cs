using System.Text.Json.Nodes;
using Grpc.Core;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Protocol;
using Rapid.Protocol.Files;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Tests.Experiments;

/// <summary>Runs that learn from files alone.</summary>
public sealed class OfflineTests : IDisposable
{
    private const int Blocks = 30, Steps = 10;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-data-");

    private string Data => Path.Combine(_folder.FullName, "data");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("Pendulum-v1", "lockstep=false")]
    [InlineData("CartPole-v1", "replay.sampler=prioritised")]
    [InlineData("Pendulum-v1", "normalization.observations=true")]
    public async Task Every_update_is_made_although_the_table_is_lost_on_the_way(string environment, string variant)
    {
        await WriteAsync(environment);
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(Spec(environment, variant, "total_steps=1500"));
        await LearnerAndReplay.Until(() => record.Step >= 200 || record.State == ExperimentState.Failed);
        Assert.Equal("", record.Error);
        await services.StopReplayAsync();
        await services.StartReplayAsync();

        await LearnerAndReplay.Until(() => record.Step == 1500 || record.State == ExperimentState.Failed);

        // Nobody is there to score the run: it would wait for a while.
        Assert.Equal((1500, ""), (record.Step, record.Error));
        Assert.Equal(Enumerable.Range(1, 15).Select(line => line * 100L), UpdatesOf(record.Directory.Path));
        Assert.All(LinesOf(record.Directory.Path), line => Assert.Equal(Blocks * Steps, (int)line["held_steps"]!));
    }

    [Fact]
    public async Task A_learner_that_comes_back_goes_on_with_what_the_table_holds()
    {
        await WriteAsync("Pendulum-v1");
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        var id = services.Registry.Submit(Spec("Pendulum-v1", "total_steps=1500")).Directory.Id;
        await LearnerAndReplay.Until(() => services.Registry.Find(id)!.Step >= 200);
        await services.StopLearnerAsync();
        await services.StartLearnerAsync();
        var record = services.Registry.Find(id)!;
        await LearnerAndReplay.Until(() => record.Step == 1500 || record.State == ExperimentState.Failed);

        Assert.Equal((1500, ""), (record.Step, record.Error));
        Assert.Equal(1500, UpdatesOf(record.Directory.Path)[^1]);
    }

    [Theory]
    [InlineData("replay.data", "replay.data=nowhere")]
    [InlineData("environment.name", "environment.name=HalfCheetah-v4")]
    [InlineData("environment.rescale_actions", "environment.rescale_actions=true")]
    [InlineData("replay.capacity_steps", "replay.capacity_steps=299")]
    [InlineData("algorithm.n_steps", "algorithm.n_steps=11")]
    public async Task Data_that_do_not_suit_the_spec_are_refused_before_there_is_a_run(string path, string change)
    {
        await WriteAsync("Pendulum-v1");
        await using var services = new LearnerAndReplay();
        await services.StartLearnerAsync();
        var request = new SubmitRequest { Spec = SpecWriter.ToMessage(Spec("Pendulum-v1", change)) };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await services.Experiments.SubmitAsync(request));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.StartsWith($"{path}: ", error.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(services.Registry.All);
    }

    [Theory]
    [InlineData(TrajectoryColumns.Actions, 5f, "column 'actions' holds 5 at element 0 (row-major) where the environment takes -2 to 2")]
    [InlineData(TrajectoryColumns.Rewards, float.NaN, "column 'rewards' holds NaN at element 0")]
    public async Task Blocks_that_no_environment_made_fail_the_run_before_its_first_update(string column, float number, string expected)
    {
        await WriteAsync("Pendulum-v1", block =>
        {
            var tensor = block.Columns.Single(candidate => candidate.Name == column).Tensor;
            byte[] bytes = [.. BitConverter.GetBytes(number), .. tensor.Data.Span[4..]];
            tensor.Data = Google.Protobuf.ByteString.CopyFrom(bytes);
        });
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();

        var record = services.Registry.Submit(Spec("Pendulum-v1"));
        await LearnerAndReplay.Until(() => record.State is ExperimentState.Finished or ExperimentState.Failed);

        Assert.Equal(ExperimentState.Failed, record.State);
        Assert.Contains("replay.data: ", record.Error, StringComparison.Ordinal);
        Assert.Contains($"blocks-00000.safetensors: block {Blocks - 1}: {expected}", record.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(record.Directory.Path, "metrics.jsonl")));
    }

    private static JsonNode[] LinesOf(string run) =>
    [
        .. File.ReadLines(Path.Combine(run, "metrics.jsonl"))
            .Select(line => JsonNode.Parse(line)!)
            .Where(line => (string)line["kind"]! == "train"),
    ];

    private static long[] UpdatesOf(string run) => [.. LinesOf(run).Select(line => (long)line["updates"]!)];

    private ExperimentOptions Spec(string environment, params string[] changes) => SpecReader.ReadYaml(
        $$"""
        environment: { name: {{environment}} }
        algorithm: { name: sac, batch_size: 16, metrics_interval: 100, publish_interval: 10 }
        network: { hidden_sizes: [16, 16] }
        offline: true
        replay: { data: {{Data}} }
        total_steps: 1000
        checkpoint: { interval_steps: 100 }
        """,
        changes);

    /// <summary>Random play.</summary>
    /// <param name="name">In which environment.</param>
    /// <param name="spoil">What to do to the last block.</param>
    private async Task WriteAsync(string name, Action<Trajectory>? spoil = null)
    {
        var random = new Random(5);
        using var environment = new VectorEnvironment(_ => EnvironmentFactory.Create(new EnvironmentOptions { Name = name }), 1, 7);
        var size = ((BoxSpace)environment.ObservationSpace).Size;
        var isDiscrete = environment.ActionSpace is DiscreteSpace;
        var (seen, final, reward, terminated, truncated) = (new float[size], new float[size], new float[1], new byte[1], new byte[1]);
        environment.Reset(seen);
        var writer = ReplayDataWriter.Create(Data);
        for (var number = 1; number <= Blocks; number++)
        {
            var block = new Trajectory { Producer = "test", Sequence = (ulong)number, Steps = Steps, Environments = 1 };
            var (observations, actions, rewards) = (new List<float>(), new List<float>(), new List<float>());
            var (ends, cuts, finals) = (new List<byte>(), new List<byte>(), new List<float>());
            for (var step = 0; step < Steps; step++)
            {
                observations.AddRange(seen);
                actions.Add(isDiscrete ? random.Next(2) : random.NextSingle() * 4 - 2);
                environment.Step(new[] { actions[^1] }, seen, reward, terminated, truncated, final);
                rewards.Add(reward[0]);
                ends.Add(terminated[0]);
                cuts.Add(truncated[0]);
                finals.AddRange(truncated[0] != 0 ? final : []);
            }

            observations.AddRange(seen);
            block.Add<float>(TrajectoryColumns.Observations, observations.ToArray(), Steps + 1, 1, size);
            if (isDiscrete)
            {
                block.Add<long>(TrajectoryColumns.Actions, [.. actions.Select(action => (long)action)], Steps, 1);
            }
            else
            {
                block.Add<float>(TrajectoryColumns.Actions, actions.ToArray(), Steps, 1, 1);
            }

            block.Add<float>(TrajectoryColumns.Rewards, rewards.ToArray(), Steps, 1);
            block.Add<byte>(TrajectoryColumns.Terminated, ends.ToArray(), Steps, 1);
            block.Add<byte>(TrajectoryColumns.Truncated, cuts.ToArray(), Steps, 1);
            block.Add<float>(TrajectoryColumns.FinalObservations, finals.ToArray(), finals.Count / size, size);
            if (number == Blocks)
            {
                spoil?.Invoke(block);
            }

            await writer.AddAsync(block, CancellationToken.None);
        }

        var table = new TableDefinition { Name = "random/transitions", Kind = TableKind.Uniform, CapacitySteps = Blocks * Steps };
        var origin = EnvironmentEntry.Of(new EnvironmentOptions { Name = name }, environment.ObservationSpace, environment.ActionSpace);
        await writer.CommitAsync(table, origin, CancellationToken.None);
    }
}
