using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using SamplePlugin;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

/// <summary>The actor service with an environment that does not return from a call.</summary>
public sealed class StuckEnvironmentTests : IAsyncLifetime
{
    private const string Table = "a/rollouts";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-test-");
    private readonly Sockets _sockets = new();
    private ScriptedLearner _learner = null!;
    private ReplayServer _replay = null!;
    private WebApplication _actor = null!;

    private string Bed => Path.Combine(_folder.FullName, "bed");

    public async ValueTask InitializeAsync()
    {
        _learner = await ScriptedLearner.StartAsync(_sockets);
        _replay = await ReplayServer.StartAsync(_sockets);
        await _replay.CreateTableAsync(Table, capacitySteps: 16);
        _actor = ActorHost.Build(
            _sockets.Options("actor") with { EnvironmentPatience = TimeSpan.FromSeconds(0.5) }, LogLevel.None);
        await _actor.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // Wakes what a test left asleep.
        _folder.Delete(recursive: true);
        await _actor.StopAsync();
        await _actor.DisposeAsync();
        await _replay.DisposeAsync();
        await _learner.DisposeAsync();
        _sockets.Dispose();
    }

    [Theory]
    [InlineData("reset", "begin an episode")]
    [InlineData("step", "end a step")]
    public async Task Its_slot_is_reported_for_as_long_as_it_lasts_and_left_behind_when_there_is_other_work(string call, string expected)
    {
        File.WriteAllText(Bed, "");
        Assign(Spec(SamplePlugins.Sleeper(call, Bed)), version: 1);
        await Until(() => _learner.Failures.Any(failure => failure is { Slot: 0, Failures: 4 }));
        Assert.All(_learner.Failures, failure => Assert.Equal(
            $"'Sleeper-v0': the environment did not {expected} within 0.5 s", failure.Reason));
        Assert.Equal([1u, 2u, 3u, 4u], _learner.Failures.Take(4).Select(failure => failure.Failures));

        var blocks = _replay.Read(Table);
        Assign(Spec(new EnvironmentOptions { Name = "CartPole-v1" }), version: 2);
        await Until(() => blocks.Any(block => block.PolicyVersion == 2));
    }

    [Fact]
    public async Task Its_slot_goes_on_when_it_returns_after_all()
    {
        File.WriteAllText(Bed, "");
        Assign(Spec(SamplePlugins.Sleeper("step", Bed)), version: 1);
        await Until(() => _learner.Failures.Count >= 2);
        var blocks = _replay.Read(Table);

        File.Delete(Bed);

        await Until(() => blocks.Count >= 3);
        Assert.Single(blocks.Select(block => block.Producer).Distinct());
    }

    [Fact]
    public async Task One_that_does_not_come_to_be_is_reported_and_a_few_of_them_are_all_that_an_actor_leaves_behind()
    {
        File.WriteAllText(Bed, "");
        Assign(Spec(SamplePlugins.Sleeper("make", Bed)), version: 1);

        await Until(() => _learner.Failures.Any(failure => failure.Failures > 4));

        Assert.All(_learner.Failures.Take(3), failure => Assert.Equal(
            "the environment did not come to be within 0.5 s", failure.Reason));
        Assert.All(_learner.Failures.Skip(3), failure => Assert.StartsWith(
            "3 environments did not come to be", failure.Reason, StringComparison.Ordinal));
    }

    private static ExperimentOptions Spec(EnvironmentOptions environment)
    {
        var spec = SpecReader.ReadYaml(
            "{ environment: { name: CartPole-v1 }, actors: { count: 1, environments: 2 }, algorithm: { rollout_steps: 8 } }", []);
        return spec with { Environment = environment };
    }

    private void Assign(ExperimentOptions spec, long version)
    {
        var layout = RegisteredLayout(spec with { Environment = Awake(spec.Environment) });
        _learner.Publish(Snapshot(layout, spec.Network, version));
        _learner.Assign(new Assignment
        {
            Experiment = "a",
            Spec = SpecWriter.ToMessage(spec),
            Slots = { 0 },
            ReplayAddresses = { _sockets["replay"].ToString() },
            Table = Table,
        });
    }

    private static EnvironmentOptions Awake(EnvironmentOptions environment) =>
        environment.Options.Count == 0 ? environment : SamplePlugins.Sleeper("reset", environment.Options["bed"]);
}
