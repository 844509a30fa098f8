using System.Runtime.InteropServices;
using Google.Protobuf;
using Rapid.Learner.Runs;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Training;

/// <summary>What a learner remembers of the games that the slots of a run in lockstep are in the middle of.</summary>
public class GameLogTests
{
    private const int Steps = 3, Environments = 2;

    [Fact]
    public async Task It_has_every_game_from_its_beginning_on_once_all_of_them_have_one()
    {
        var log = new GameLog(2);
        Assert.True(log.Append(Block(1, number: 1, Begun(0, 0))));
        log.GoOnAt(7);
        Assert.Empty((await TakeOver(log, 1)).Games);

        // Environment 1 begins after the block, and 0 in the middle of the one after it.
        log.Append(Block(1, number: 2, Begun(1, Steps)));
        log.Append(Block(1, number: 3, Begun(0, 2)));
        log.GoOnAt(8);
        var (version, games) = await TakeOver(log, 1);

        Assert.Equal(8, version);
        Assert.Equal([320f], Actions(games[0]));
        Assert.Equal([301f, 311f, 321f], Actions(games[1]));
        Assert.Equal([1ul, 2, 3, 4, 2], games[0].Random);
        Assert.Equal([1ul, 2, 3, 4, Steps], games[1].Random);
        Assert.Equal([3ul, 1, 2, 3, 4], games[0].Noise);
        Assert.Equal([3ul, 6, 7, 8, 9], games[1].Noise);
        Assert.Equal(ByteString.CopyFrom([2]), games[0].Carried);
        Assert.Equal((30u, 31u), (games[0].Observed, games[1].Observed));
        Assert.Empty((await TakeOver(log, 0)).Games);
    }

    [Fact]
    public async Task Continuous_actions_have_all_their_dimensions()
    {
        var log = new GameLog(1);
        var block = Block(0, number: 1, Begun(0, 0), Begun(1, 1));
        block.Columns.Clear();
        float[] actions = [.. Enumerable.Range(0, Steps * Environments * 2).Select(i => i / 2f)];
        block.Add<float>(TrajectoryColumns.Actions, actions, Steps, Environments, 2);
        log.Append(block);
        log.GoOnAt(1);

        var games = (await TakeOver(log, 0)).Games;

        Assert.Equal([0f, 0.5f, 2, 2.5f, 4, 4.5f], Actions(games[0]));
        Assert.Equal([3f, 3.5f, 5, 5.5f], Actions(games[1]));
    }

    [Fact]
    public async Task What_it_saves_is_what_another_goes_on_with()
    {
        var (log, other) = (new GameLog(2), new GameLog(2));
        log.Append(Block(0, number: 1, Begun(0, 1), Begun(1, 0)));
        log.Append(Block(1, number: 2, Begun(0, 1)));
        var saved = log.Save();
        other.Append(Block(1, number: 9, Begun(0, 0), Begun(1, 0)));
        other.Load(saved);
        Assert.Equal(saved, other.Save());
        foreach (var each in (GameLog[])[log, other])
        {
            each.Append(Block(0, number: 3));
            each.GoOnAt(4);
        }

        var (games, same) = ((await TakeOver(log, 0)).Games, (await TakeOver(other, 0)).Games);
        Assert.Equal(games, same);
        Assert.Equal([110f, 120f, 300f, 310f, 320f], Actions(same[0]));
        Assert.Empty((await TakeOver(other, 1)).Games);
        other.Load(null);
        Assert.Empty((await TakeOver(other, 0)).Games);
        Assert.Throws<InvalidDataException>(() => new GameLog(1).Load(Saved(slot: 1)));
        Assert.Throws<InvalidProtocolBufferException>(() => new GameLog(1).Load(saved.AsMemory(0, saved.Length - 1)));
    }

    [Fact]
    public async Task A_slot_is_taken_over_when_the_run_is_as_far_as_the_policy()
    {
        var log = new GameLog(1);
        var early = TakeOver(log, 0);
        log.GoOnAt(1);
        Assert.Equal(1, (await early).Version);
        var ahead = TakeOver(log, 0, version: 2);
        log.Append(Block(0, number: 1, Begun(0, 0), Begun(1, 0)));
        var between = TakeOver(log, 0, version: 1);
        Assert.False(ahead.IsCompleted || between.IsCompleted);

        log.GoOnAt(3);

        Assert.Equal((3L, 2), ((await ahead).Version, (await ahead).Games.Count));
        Assert.Equal((3L, 2), ((await between).Version, (await between).Games.Count));
        var late = log.TakeOverAsync(0, 4, TestContext.Current.CancellationToken);
        log.Complete();
        Assert.Null(await late);
    }

    [Fact]
    public async Task A_game_that_is_too_long_is_forgotten_until_the_next_begins()
    {
        var log = new GameLog(1);
        var forgotten = 0;
        log.Append(Block(0, number: 0, Begun(0, 0), Begun(1, 0)));
        for (var steps = Steps; steps <= GameLog.MostSteps + Steps; steps += Steps)
        {
            forgotten += log.Append(Block(0, number: 1, Begun(1, 0))) ? 0 : 1;
        }

        log.GoOnAt(1);
        Assert.Equal(1, forgotten);
        Assert.Empty((await TakeOver(log, 0)).Games);
        Assert.Empty(log.Save());

        Assert.True(log.Append(Block(0, number: 2, Begun(0, 2))));
        log.GoOnAt(2);
        var games = (await TakeOver(log, 0)).Games;
        Assert.Equal([220f], Actions(games[0]));
    }

    [Fact]
    public async Task A_block_that_says_nothing_of_its_games_ends_what_is_known_of_its_slot()
    {
        var log = new GameLog(1);
        log.Append(Block(0, number: 1, Begun(0, 0), Begun(1, 0)));
        var silent = Block(0, number: 2);
        silent.Noise.Clear();
        log.Append(silent);
        log.Append(Block(0, number: 3));
        log.GoOnAt(1);
        Assert.Empty((await TakeOver(log, 0)).Games);
    }

    private static byte[] Saved(uint slot)
    {
        using var stream = new MemoryStream();
        new SlotGames { Slot = slot, Games = { new GameRecord() } }.WriteDelimitedTo(stream);
        return stream.ToArray();
    }

    private static async Task<(long Version, IReadOnlyList<GameRecord> Games)> TakeOver(GameLog log, int slot, long version = 0) =>
        await log.TakeOverAsync(slot, version, TestContext.Current.CancellationToken)
            ?? throw new InvalidOperationException("the run is over");

    private static float[] Actions(GameRecord game) => MemoryMarshal.Cast<byte, float>(game.Actions.Span).ToArray();

    private static GameBeginning Begun(uint environment, uint step) => new()
    {
        Environment = environment,
        Step = step,
        Random = { 1, 2, 3, 4, step },
        Carried = ByteString.CopyFrom([(byte)step]),
    };

    /// <summary>Its actions say which block, which step and which environment they are of.</summary>
    private static Trajectory Block(uint slot, int number, params GameBeginning[] begun)
    {
        var block = new Trajectory { Slot = slot, Steps = Steps, Environments = Environments, Games = { begun } };
        long[] actions =
        [
            .. Enumerable.Range(0, Steps * Environments).Select(i => number * 100L + i / Environments * 10 + i % Environments),
        ];
        block.Add<long>(TrajectoryColumns.Actions, actions, Steps, Environments);
        block.Observed.AddRange([(uint)number * 10, ((uint)number * 10) + 1]);
        block.Noise.AddRange([(ulong)number, 1, 2, 3, 4, (ulong)number, 6, 7, 8, 9]);
        return block;
    }
}
