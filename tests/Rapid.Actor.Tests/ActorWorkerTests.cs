using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Rapid.Environments.Registry;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

/// <summary>The whole actor service between a learner that does what the test says and the real replay service.</summary>
public sealed partial class ActorWorkerTests : IAsyncLifetime
{
    private const string Table = "a/rollouts", OtherTable = "b/rollouts";

    private const string Body = """
        <mujoco>
          <worldbody>
            <geom type="plane" size="10 10 1"/>
            <body name="torso" pos="0 0 1">
              <joint name="x" type="slide" axis="1 0 0"/>
              <joint name="z" type="slide" axis="0 0 1"/>
              <joint name="y" type="hinge" axis="0 1 0"/>
              <geom type="capsule" size=".05 .2"/>
            </body>
          </worldbody>
          <actuator>
            <motor joint="y" ctrllimited="true" ctrlrange="-2 3"/>
          </actuator>
        </mujoco>
        """;

    private static readonly ExperimentOptions Spec = Read(lockstep: false);
    private static readonly ExperimentOptions LockstepSpec = Read(lockstep: true);
    private static readonly PolicyLayout Layout = RegisteredLayout(Spec);

    private readonly Sockets _sockets = new();
    private ScriptedLearner _learner = null!;
    private ReplayServer _replay = null!;
    private WebApplication? _actor;

    public async ValueTask InitializeAsync()
    {
        _learner = await ScriptedLearner.StartAsync(_sockets);
        _replay = await ReplayServer.StartAsync(_sockets);
        await _replay.CreateTableAsync(Table, capacitySteps: 16);
        await _replay.CreateTableAsync(OtherTable, capacitySteps: 16);
        _actor = ActorHost.Build(_sockets.Options("actor"), LogLevel.None);
        await _actor.StartAsync();
        _learner.Publish(Snapshot(Layout, Spec.Network, 1));
    }

    public async ValueTask DisposeAsync()
    {
        await StopActorAsync();
        await _replay.DisposeAsync();
        await _learner.DisposeAsync();
        _sockets.Dispose();
    }

    [Fact]
    public async Task It_enlists_with_its_slots_and_fills_those_it_is_given()
    {
        var blocks = _replay.Read(Table);
        _learner.Assign(Work(0, 2));

        await Until(() => Last(blocks, 0) >= 3 && Last(blocks, 2) >= 3);

        Assert.Equal((WorkerRole.Actor, 4u), (_learner.Enlisted.Single().Role, _learner.Enlisted.Single().MaxSlots));
        Assert.Equal([0u, 2u], Slots(blocks));
        Assert.All(
            blocks, block => Assert.Equal(("a", 1L, 8u, 2u), (block.Experiment, block.PolicyVersion, block.Steps, block.Environments)));
        foreach (var producer in blocks.GroupBy(block => block.Producer))
        {
            Assert.StartsWith($"{_learner.Enlisted[0].Worker}/{producer.First().Slot}/", producer.Key, StringComparison.Ordinal);
            Assert.Equal(Enumerable.Range(1, producer.Count()).Select(i => (ulong)i), producer.Select(block => block.Sequence));
        }
    }

    [Fact]
    public async Task A_changed_assignment_stops_and_starts_slots_and_leaves_the_others_alone()
    {
        var blocks = _replay.Read(Table);
        _learner.Assign(Work(0, 1));
        await Until(() => Last(blocks, 0) >= 2 && Last(blocks, 1) >= 2);

        _learner.Assign(Work(1, 3));
        await Until(() => Last(blocks, 3) >= 2);
        var (stopped, kept) = (blocks.Count(block => block.Slot == 0), blocks.Last(block => block.Slot == 1));
        await Until(() => Last(blocks, 1) > kept.Sequence + 3 && Last(blocks, 3) > 5);

        Assert.Equal(stopped, blocks.Count(block => block.Slot == 0));
        Assert.Single(blocks.Where(block => block.Slot == 1).Select(block => block.Producer).Distinct());
        Assert.Single(_learner.Enlisted);
    }

    [Fact]
    public async Task Another_experiment_or_table_takes_the_place_of_the_first()
    {
        var (blocks, others) = (_replay.Read(Table), _replay.Read(OtherTable));
        _learner.Assign(Work(0));
        await Until(() => !blocks.IsEmpty);

        var moved = Work(0);
        moved.Table = OtherTable;
        _learner.Assign(moved);
        await Until(() => !others.IsEmpty);
        var count = blocks.Count;
        var next = moved.Clone();
        next.Experiment = "b";
        _learner.Assign(next);
        await Until(() => others.Any(block => block.Experiment == "b" && block.Sequence > 3));

        Assert.Equal(count, blocks.Count);
        Assert.Equal(["a", "b"], others.Select(block => block.Experiment).Distinct());
    }

    [Fact]
    public async Task With_nothing_to_do_it_does_nothing_and_keeps_its_lease()
    {
        var blocks = _replay.Read(Table);
        _learner.Assign(Work(0));
        await Until(() => !blocks.IsEmpty);

        _learner.Assign(new Assignment());
        await UntilStill(blocks);
        Assert.Equal(1, _learner.Leases);

        var before = Producers(blocks);
        _learner.Assign(Work(0));
        await Until(() => Producers(blocks).Length > before.Length);
    }

    [Fact]
    public async Task A_learner_that_goes_away_stops_the_work_and_gets_the_worker_back()
    {
        var blocks = _replay.Read(Table);
        _learner.Assign(Work(0));
        await Until(() => !blocks.IsEmpty);

        await _learner.StopAsync();
        await UntilStill(blocks);
        var producers = Producers(blocks);
        await _learner.StartAgainAsync();
        await Until(() => Producers(blocks).Length == producers.Length + 1);

        Assert.True(_learner.Enlisted.Count >= 2);
        Assert.Single(_learner.Enlisted.Select(request => request.Worker).Distinct());
    }

    [Fact]
    public async Task New_weights_act_in_the_blocks_that_follow_and_unfit_ones_do_not()
    {
        var blocks = _replay.Read(Table);
        _learner.Assign(Work(0));
        await Until(() => blocks.Any(block => block.PolicyVersion == 1));
        var unfit = Snapshot(Layout, Spec.Network, 2);
        unfit.Graph = new PolicyGraph();
        _learner.Publish(unfit);
        var count = blocks.Count;
        await Until(() => blocks.Count > count + 5);

        _learner.Publish(Snapshot(Layout, Spec.Network, 3));
        await Until(() => blocks.Any(block => block.PolicyVersion == 3));

        Assert.Equal([1L, 3L], blocks.Select(block => block.PolicyVersion).Distinct());
        Assert.Single(Producers(blocks));
    }

    [Fact]
    public async Task Simulations_that_break_down_now_and_then_cost_their_blocks_alone()
    {
        // Bodies thrown that far into the floor break MuJoCo's integration in one episode of ten.
        var options = SpecReader.ReadYaml(
            """
            environment: { name: HalfCheetah-v4, max_episode_steps: 8, options: { reset_noise_scale: 12 } }
            actors: { environments: 2, threads: 2 }
            algorithm: { rollout_steps: 8, minibatches: 4 }
            """);
        var blocks = _replay.Read(Table);
        var work = Work(0);
        work.Spec = SpecWriter.ToMessage(options);
        _learner.Publish(Snapshot(RegisteredLayout(options), options.Network, 2));
        _learner.Assign(work);

        await Until(() => Last(blocks, 0) >= 30 && blocks.Sum(block => (long)block.BrokenEnvironments) >= 3);

        Assert.Single(Producers(blocks));
        var rewards = blocks.SelectMany(block => block.Floats(TrajectoryColumns.Rewards, 8, 2).ToArray());
        Assert.All(rewards, reward => Assert.True(float.IsFinite(reward)));
    }

    [Fact]
    public async Task Replay_that_goes_away_and_comes_back_gets_every_block_of_a_producer()
    {
        _learner.Assign(Work(0));
        await Until(() => _replay.Table(Table).AppendedBlocks > 0);

        await _replay.StopAsync();
        await _replay.StartAgainAsync();
        await _replay.CreateTableAsync(Table, capacitySteps: 16);
        var blocks = _replay.Read(Table);
        await Until(() => Last(blocks, 0) > 5);

        // The store was memory: what it held is lost, nothing after it is.
        var sequences = blocks.Select(block => block.Sequence).ToArray();
        Assert.Single(Producers(blocks));
        Assert.Equal(Enumerable.Range(0, sequences.Length).Select(i => sequences[0] + (ulong)i), sequences);
    }

    [Fact]
    public async Task Work_that_it_cannot_do_is_given_back_and_it_goes_on()
    {
        var nowhere = Work(0);
        nowhere.ReplayAddresses.Clear();
        _learner.Assign(nowhere);
        await Until(() => _learner.Enlisted.Count >= 2);
        var unknown = Work(0);
        unknown.Spec.Environment.Name = "NoSuchThing-v1";
        _learner.Assign(unknown);
        var enlisted = _learner.Enlisted.Count;
        await Until(() => _learner.Enlisted.Count > enlisted);
        await Until(() => _learner.Failures.Any(failure => failure is { Slot: 0, Failures: > 1 }
            && failure.Reason.Contains("NoSuchThing-v1", StringComparison.Ordinal)));

        var blocks = _replay.Read(Table);
        _learner.Assign(Work(0));
        await Until(() => !blocks.IsEmpty);
    }

    [Fact]
    public async Task A_model_that_is_not_the_learners_is_not_simulated_until_it_is()
    {
        var folder = Directory.CreateTempSubdirectory("rapid-body-");
        try
        {
            var model = Path.Combine(folder.FullName, "body.xml");
            await File.WriteAllTextAsync(model, Body);
            var options = SpecReader.ReadYaml(
                $$"""
                environment: { name: Hopper-v5, options: { xml_file: {{model}} } }
                actors: { environments: 2 }
                algorithm: { rollout_steps: 8, minibatches: 4 }
                """);
            var work = Work(0);
            work.Spec = SpecWriter.ToMessage(options);
            work.EnvironmentDigest = EnvironmentFiles.DigestOf("Hopper-v5", options.Environment.Options);
            _learner.Publish(Snapshot(RegisteredLayout(options), options.Network, 2));
            await File.WriteAllTextAsync(model, Body.Replace("size=\".05 .2\"", "size=\".06 .2\"", StringComparison.Ordinal));
            var other = EnvironmentFiles.DigestOf("Hopper-v5", options.Environment.Options);
            _learner.Assign(work);

            await Until(() => _learner.Failures.Any(failure => failure.Failures > 1));
            Assert.All(_learner.Failures, failure =>
            {
                Assert.Contains(work.EnvironmentDigest, failure.Reason, StringComparison.Ordinal);
                Assert.Contains(other, failure.Reason, StringComparison.Ordinal);
                Assert.Contains(Environment.MachineName, failure.Reason, StringComparison.Ordinal);
            });
            Assert.Equal(0ul, _replay.Table(Table).AppendedBlocks);

            await File.WriteAllTextAsync(model, Body);
            var blocks = _replay.Read(Table);
            await Until(() => !blocks.IsEmpty);
        }
        finally
        {
            await StopActorAsync();
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Slots_take_turns_with_the_replay_services()
    {
        var blocks = _replay.Read(Table);
        var work = Work(0, 1, 2, 3);
        work.ReplayAddresses.Add("unix:/nowhere/replay");
        _learner.Assign(work);
        await Until(() => Last(blocks, 0) > 2 && Last(blocks, 2) > 2);
        Assert.Equal([0u, 2u], Slots(blocks));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stopping_ends_the_work_and_the_lease_even_when_the_table_is_full(bool reads)
    {
        if (reads)
        {
            _replay.Read(Table);
        }

        _learner.Assign(Work(0, 1, 2));
        await Until(() => _replay.Table(Table).AppendedBlocks >= 3);

        await StopActorAsync().WaitAsync(Patience);

        await Until(() => _learner.Leases == 0);
        var appended = _replay.Table(Table).AppendedBlocks;
        await Task.Delay(200);
        Assert.Equal(appended, _replay.Table(Table).AppendedBlocks);
    }

    [Fact]
    public async Task Stopping_works_while_learner_and_replay_are_away()
    {
        _learner.Assign(Work(0));
        await Until(() => _replay.Table(Table).AppendedBlocks >= 1);
        await _replay.StopAsync();
        await _learner.StopAsync();

        await StopActorAsync().WaitAsync(Patience);
    }

    private async Task StopActorAsync()
    {
        if (_actor is { } actor)
        {
            _actor = null;
            await actor.StopAsync();
            await actor.DisposeAsync();
        }
    }

    private static ExperimentOptions Read(bool lockstep) => SpecReader.ReadYaml(
        "{ environment: { name: CartPole-v1 }, actors: { count: 4, environments: 2 }, algorithm: { rollout_steps: 8 } }",
        [$"lockstep={(lockstep ? "true" : "false")}"]);

    private Assignment Work(params uint[] slots) => new()
    {
        Experiment = "a",
        Spec = SpecWriter.ToMessage(Spec),
        Slots = { slots },
        ReplayAddresses = { _sockets["replay"].ToString() },
        Table = Table,
    };

    /// <summary>Waits until no block comes for a while.</summary>
    private static async Task UntilStill(ConcurrentQueue<Trajectory> blocks)
    {
        var deadline = DateTime.UtcNow + Patience;
        var count = -1;
        while (count != blocks.Count)
        {
            Assert.True(DateTime.UtcNow < deadline, "the work does not stop");
            count = blocks.Count;
            await Task.Delay(300);
        }
    }

    private static ulong Last(ConcurrentQueue<Trajectory> blocks, uint slot) =>
        blocks.LastOrDefault(block => block.Slot == slot)?.Sequence ?? 0;

    private static uint[] Slots(ConcurrentQueue<Trajectory> blocks) => [.. blocks.Select(block => block.Slot).Distinct().Order()];

    private static string[] Producers(ConcurrentQueue<Trajectory> blocks) => [.. blocks.Select(block => block.Producer).Distinct()];
}
