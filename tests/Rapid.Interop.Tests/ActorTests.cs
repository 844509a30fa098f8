using System.Text.Json.Nodes;
using Rapid.Agents;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Interop.Tests;

/// <summary>A real actor process between a learner and a replay service in another language.</summary>
public class ActorTests
{
    private const int Steps = 8, Environments = 2, ObservationSize = 4;

    private static readonly ExperimentOptions Spec = SpecReader.ReadYaml(
        $"environment: {{ name: CartPole-v1 }}\nactors: {{ count: 2, environments: {Environments} }}\n"
            + $"algorithm: {{ name: ppo, rollout_steps: {Steps} }}",
        []);

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task An_actor_fills_its_slot_and_comes_back_when_the_server_does(string language)
    {
        var work = new Assignment { Experiment = "träger-1", Table = "träger-1/☺", Slots = { 1 }, Spec = SpecWriter.ToMessage(Spec) };
        await using var server = await StockServer.StartAsync(language, work, Snapshot(version: 1));
        await using var actor = RapidProcess.Start(server.Folder.Path, ["actor"], new Dictionary<string, string>(server.Variables)
        {
            ["RAPID_LISTEN"] = "http://127.0.0.1:0",
            ["RAPID_LEARNER"] = server.Addresses["http"],
            ["RAPID_ACTOR_SLOTS"] = "3",
        });
        await server.UntilAsync(() => server.Blocks().Count >= 3);
        var enlisted = server.Calls("Enlist").Single();
        Assert.Equal("WORKER_ROLE_ACTOR", (string?)enlisted["role"]);
        Assert.Equal(3, (int?)enlisted["max_slots"]);
        Assert.Equal("träger-1", (string?)server.Calls("Subscribe").Single()["experiment"]);
        Assert.All(
            server.Lines.Where(line => line["call"] is not null),
            line => Assert.Equal($"Bearer {Services.Token}", (string?)line["authorization"]));
        CheckBlocks(server.Blocks(), version: 1);

        await server.KillAsync();
        server.Snapshot = Snapshot(version: 7);
        await server.StartAgainAsync();
        await server.UntilAsync(() => server.Blocks().Any(block => (int?)block["sequence"] == 2));
        CheckBlocks(server.Blocks(), version: 7);

        actor.Interrupt();
        Assert.True(await actor.WaitAsync() == 0, actor.Output);
        await server.UntilCancelledAsync("Enlist");
    }

    private static PolicySnapshot Snapshot(long version)
    {
        using var environment = EnvironmentFactory.Create(Spec.Environment);
        var layout = ExperimentPolicy.LayoutOf(Spec, environment.ObservationSpace, environment.ActionSpace);
        return new PolicySnapshot
        {
            Experiment = "träger-1",
            Version = version,
            Graph = layout.Graph,
            Parameters = TensorCodec.ToByteString<float>(new float[layout.Length]),
        };
    }

    private static void CheckBlocks(IReadOnlyList<JsonNode> blocks, long version)
    {
        Assert.Equal(Enumerable.Range(1, blocks.Count), blocks.Select(block => (int)block["sequence"]!));
        foreach (var block in blocks)
        {
            Assert.Equal("träger-1/☺", (string?)block["table"]);
            Assert.Equal(1, (int?)block["slot"]);
            Assert.Equal(Steps, (int?)block["steps"]);
            Assert.Equal(Environments, (int?)block["environments"]);
            Assert.Equal(version, (long?)block["policy_version"]);
            CheckColumn(block, TrajectoryColumns.Observations, "FLOAT32", 4, Steps + 1, Environments, ObservationSize);
            CheckColumn(block, TrajectoryColumns.Actions, "INT64", 8, Steps, Environments);
            CheckColumn(block, TrajectoryColumns.Rewards, "FLOAT32", 4, Steps, Environments);
            CheckColumn(block, TrajectoryColumns.Terminated, "UINT8", 1, Steps, Environments);
            CheckColumn(block, TrajectoryColumns.Truncated, "UINT8", 1, Steps, Environments);
            CheckColumn(block, TrajectoryColumns.LogProbabilities, "FLOAT32", 4, Steps, Environments);
            CheckColumn(block, TrajectoryColumns.Values, "FLOAT32", 4, Steps + 1, Environments);
        }
    }

    private static void CheckColumn(JsonNode block, string name, string type, int size, params int[] shape)
    {
        var column = block["columns"]![name]!;
        Assert.Equal($"DATA_TYPE_{type}", (string?)column["type"]);
        Assert.Equal(shape, column["shape"]!.AsArray().Select(length => (int)length!));
        Assert.Equal(shape.Aggregate(size, (product, length) => product * length), (int?)column["bytes"]);
    }
}
