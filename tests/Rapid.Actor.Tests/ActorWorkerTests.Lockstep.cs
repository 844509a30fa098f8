using Rapid.Core;
using Rapid.Protocol.V1;
using Rapid.Specs;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

/// <summary>Slots of a run in lockstep: they wait for weights, and go on where another actor's blocks ended.</summary>
public sealed partial class ActorWorkerTests
{
    // Of all four slots.
    private const long UpdateSteps = 4 * 2 * 8;

    [Fact]
    public async Task In_lockstep_every_block_waits_for_newer_weights()
    {
        var blocks = _replay.Read(Table);
        var work = Work(0);
        work.Spec = SpecWriter.ToMessage(LockstepSpec);
        _learner.Assign(work);
        for (var version = 1; version <= 3; version++)
        {
            await Until(() => blocks.Count == version);

            // No second block of this version comes however long one waits.
            await Task.Delay(100);
            _learner.Publish(Lockstep(version + 1, version * UpdateSteps));
        }

        await Until(() => blocks.Count == 4);
        Assert.Equal([1L, 2L, 3L, 4L], blocks.Select(block => block.PolicyVersion));
    }

    [Fact]
    public async Task In_lockstep_a_slot_goes_on_with_the_games_that_the_learner_knows()
    {
        var (collector, blocks) = (new RolloutCollector(LockstepSpec, 0), new List<Trajectory>());
        var log = new PlayedGames(2);
        for (var version = 1; version <= 3; version++)
        {
            blocks.Add(collector.Collect(Lockstep(version, (version - 1) * UpdateSteps), default)!);
            log.Add(blocks[^1]);
        }

        _learner.SetGames(4, log.Records());
        _learner.Publish(Lockstep(4, 3 * UpdateSteps));
        var work = Work(0);
        work.Spec = SpecWriter.ToMessage(LockstepSpec);
        var received = _replay.Read(Table);
        _learner.Assign(work);
        await Until(() => !received.IsEmpty);

        AssertSame(collector.Collect(Lockstep(4, 3 * UpdateSteps), default)!, received.Single());
        Assert.Equal(("a", 0u, 4L), _learner.TakenOver.Select(call => (call.Experiment, call.Slot, call.Version)).Single());
        collector.Dispose();
    }

    [Fact]
    public async Task In_lockstep_a_slot_is_taken_over_anew_when_its_block_was_not_learned_from()
    {
        var blocks = _replay.Read(Table);
        var work = Work(0);
        work.Spec = SpecWriter.ToMessage(LockstepSpec);
        _learner.Assign(work);
        await Until(() => blocks.Count == 1);

        // The same step with a newer version: the learner wants the block again.
        _learner.Publish(Lockstep(2, 0));
        await Until(() => blocks.Count == 2);
        _learner.Publish(Lockstep(3, UpdateSteps));
        await Until(() => blocks.Count == 3);

        Assert.Equal([1L, 2L], _learner.TakenOver.Select(call => call.Version));
        Assert.Equal([1L, 2L, 3L], blocks.Select(block => block.PolicyVersion));
        var (first, again) = (blocks.First(), blocks.Skip(1).First());
        Assert.Equal(first.Games, again.Games);
        Assert.NotEqual(first.Producer, again.Producer);
        Assert.Equal(again.Producer, blocks.Last().Producer);
    }

    [Fact]
    public async Task Games_that_cannot_be_played_again_are_reported_and_then_new_ones_begin()
    {
        var game = new GameRecord { Actions = Google.Protobuf.ByteString.CopyFrom(new byte[sizeof(float) * 1000]) };
        game.Random.AddRange(new RandomStream(1).ExportState());
        game.Noise.AddRange(new RandomStream(2).ExportState());
        _learner.SetGames(1, game, game);
        var blocks = _replay.Read(Table);
        var work = Work(0);
        work.Spec = SpecWriter.ToMessage(LockstepSpec);
        _learner.Assign(work);

        await Until(() => !blocks.IsEmpty);

        // No cart balances a pole for a thousand steps.
        Assert.Equal([1u, 2u], _learner.Failures.Select(failure => failure.Failures));
        Assert.All(_learner.Failures, failure => Assert.Contains("when it was played again", failure.Reason, StringComparison.Ordinal));
        Assert.Equal([0u, 0u], blocks.First().Games.Select(game => game.Step).Take(2));
    }

    private static PolicySnapshot Lockstep(long version, long step)
    {
        var snapshot = Snapshot(Layout, LockstepSpec.Network, version);
        snapshot.Step = step;
        return snapshot;
    }
}
