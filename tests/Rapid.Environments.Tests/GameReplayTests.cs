using System.Runtime.InteropServices;
using Rapid.Core;
using Rapid.Core.Plugins;
using Rapid.Environments.Plugins;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests;

/// <summary>Every environment goes on bit for bit after its game was played again: from its random stream, what it carries over and its
/// actions alone.</summary>
public sealed class GameReplayTests
{
    private const int Count = 2, Steps = 60, Further = 40;

    /// <summary>Short, so that several games come before the one that is played again.</summary>
    private const int LongestGame = 17;

    private static readonly Dictionary<string, string> NoOptions = [];

    public static TheoryData<string> Names => [.. EnvironmentRegistry.All.Concat(EnvironmentRegistry.More).Select(info => info.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_registered_environment_goes_on_where_its_game_was(string name) =>
        AssertGoesOn(() => EnvironmentRegistry.Create(name, NoOptions), seed: 1, LongestGame);

    [Fact]
    public void Environments_of_plug_ins_go_on_where_their_game_was()
    {
        var source = new PluginSource(() => new PluginLibrary(new PluginAssemblies([PluginTests.Sample]), EnvironmentRegistry.IsBuiltIn));
        AssertGoesOn(() => source.Create("Corridor-v0", NoOptions), seed: 1, LongestGame);
    }

    [Theory]
    [InlineData("DuelNoFrameskip-v4", "")]
    [InlineData("DuelNoFrameskip-v4", "power_cycle=true,stack_padding=first_frame")]
    [InlineData("DuelNoFrameskip-v4", "repeat_action_probability=0.25,episodic_life=false,frame_skip=3,max_pool=false")]
    [InlineData("DuelNoFrameskip-v4", "obs_type=rgb,screen_size=44,noop_max=7,max_frames=90")]
    [InlineData("Duel-v0", "obs_type=ram,full_action_space=true")]
    [InlineData("ALE/Duel-v5", "fire_reset=false,noop_max=0")]
    public void Games_go_on_with_what_their_console_carries_over(string name, string options)
    {
        var parsed = options.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(option => option.Split('='))
            .ToDictionary(option => option[0], option => option[1]);
        for (var seed = 1UL; seed <= 3; seed++)
        {
            AssertGoesOn(() => EnvironmentRegistry.Create(name, parsed), seed, LongestGame);
            AssertGoesOn(() => EnvironmentRegistry.Create(name, parsed), seed, int.MaxValue);
        }
    }

    [Fact]
    public void Lives_are_no_games()
    {
        // A life of three steps, three lives a game, and a random number that is drawn when a game begins and shown ever since.
        AssertGoesOn(() => new Lives(), seed: 1, int.MaxValue);
        using var vector = new VectorEnvironment(_ => new Lives(), 1, 1, keepsStarts: true);
        var (observations, finals) = (new float[2], new float[2]);
        var (rewards, terminated, truncated) = (new float[1], new byte[1], new byte[1]);
        vector.Reset(observations);
        ulong[] first = [.. vector.StartOf(0).Random];
        for (var t = 1; t <= 9; t++)
        {
            Assert.Equal(first, vector.StartOf(0).Random);
            vector.Step(new float[1], observations, rewards, terminated, truncated, finals);
            Assert.Equal(t % 3 == 0 ? 1 : 0, terminated[0]);
        }

        Assert.NotEqual(first, vector.StartOf(0).Random);
    }

    [Fact]
    public void A_game_that_does_not_come_back_is_found_out()
    {
        var games = 0;
        using var vector = new VectorEnvironment(_ => new Lives(games++ == 0 ? 3 : 1), 2, 1, keepsStarts: true);
        var start = new GameStart();
        new RandomStream(1).ExportState(start.Random);
        vector.Replay(0, start, new float[8], new float[4], () => { }, (_, _) => { });

        var error = Assert.Throws<InvalidDataException>(
            () => vector.Replay(1, start, new float[8], new float[4], () => { }, (_, _) => { }));

        Assert.StartsWith("a game of 8 actions ended after 3 when it was played again", error.Message, StringComparison.Ordinal);
        start.Carried = new byte[1];
        Assert.Throws<ArgumentException>(() => vector.Replay(0, start, new float[8], new float[4], () => { }, (_, _) => { }));
    }

    /// <summary>Plays some games, plays the last ones again in a fresh vector, and lets both go on with the same actions.</summary>
    private static void AssertGoesOn(Func<IEnvironment> make, ulong seed, int longestGame)
    {
        IEnvironment Limited() => new TimeLimit(make(), longestGame);
        using var vector = new VectorEnvironment(_ => Limited(), Count, seed, keepsStarts: true);
        using var other = new VectorEnvironment(_ => Limited(), Count, seed + 1, keepsStarts: true);
        var random = new RandomStream(seed);
        var (seen, again) = (new Seen(vector), new Seen(other));
        var games = Enumerable.Range(0, Count).Select(_ => new List<float>()).ToArray();
        vector.Reset(seen.Observations);
        var steps = Steps + random.NextIndex(LongestGame);
        for (var t = 0; t < steps; t++)
        {
            var actions = Draw(vector.ActionSpace, random);
            seen.Step(actions);
            for (var i = 0; i < Count; i++)
            {
                games[i].AddRange(actions.AsSpan(i * seen.ActionSize, seen.ActionSize));
            }

            foreach (var finished in vector.Finished)
            {
                games[finished.Environment].Clear();
            }
        }

        for (var i = 0; i < Count; i++)
        {
            var (index, begun, steppedTimes) = (i, 0, 0);
            other.Replay(
                index, vector.StartOf(index), games[index].ToArray(), again.Observations, () => begun++, (_, _) => steppedTimes++);
            Assert.Equal((1, games[index].Count / seen.ActionSize), (begun, steppedTimes));
        }

        Assert.Equal(seen.Observations, again.Observations);
        for (var t = 0; t < Further; t++)
        {
            var actions = Draw(vector.ActionSpace, random);
            Assert.True(seen.Step(actions).AsSpan().SequenceEqual(again.Step(actions)), $"step {t} of the continuation differs");
            Assert.Equal(vector.Finished, other.Finished);
            for (var i = 0; i < Count; i++)
            {
                Assert.Equal(vector.StartOf(i).Random, other.StartOf(i).Random);
                Assert.True(vector.StartOf(i).Carried.Span.SequenceEqual(other.StartOf(i).Carried.Span));
            }
        }
    }

    private static float[] Draw(Space space, RandomStream random) => space is BoxSpace box
        ? [.. Enumerable.Range(0, Count * box.Size).Select(_ => (float)random.NextUniform(-1.5, 1.5))]
        : [.. Enumerable.Range(0, Count).Select(_ => (float)random.NextIndex(((DiscreteSpace)space).Count))];

    private sealed class Seen(VectorEnvironment vector)
    {
        private readonly float[] _finals = new float[Count * vector.ObservationSpace.Size], _rewards = new float[Count];
        private readonly byte[] _terminated = new byte[Count], _truncated = new byte[Count];

        public float[] Observations { get; } = new float[Count * vector.ObservationSpace.Size];

        public int ActionSize => vector.ActionSpace is BoxSpace box ? box.Size : 1;

        /// <summary>Everything that the step brought, as bytes.</summary>
        public byte[] Step(float[] actions)
        {
            vector.Step(actions, Observations, _rewards, _terminated, _truncated, _finals);
            var size = vector.ObservationSpace.Size;
            var ended = Enumerable.Range(0, Count).Where(i => (_terminated[i] | _truncated[i]) != 0);
            float[] finals = [.. ended.SelectMany(i => _finals.Skip(i * size).Take(size))];
            return
            [
                .. _terminated, .. _truncated, .. MemoryMarshal.AsBytes<float>(_rewards), .. MemoryMarshal.AsBytes<float>(Observations),
                .. MemoryMarshal.AsBytes<float>(finals),
            ];
        }
    }

    private sealed class Lives(int lives = 3) : IEnvironment
    {
        private int _step;
        private float _drawn;

        public Space ObservationSpace { get; } = BoxSpace.Unbounded(2);

        public Space ActionSpace { get; } = new DiscreteSpace(2);

        public void Reset(RandomStream random, Span<float> observation)
        {
            if (_step % (3 * lives) == 0)
            {
                (_step, _drawn) = (0, (float)random.NextDouble());
            }

            (observation[0], observation[1]) = (_drawn, _step);
        }

        public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
        {
            _step++;
            (observation[0], observation[1]) = (_drawn, _step);
            return new StepResult(action[0], _step % 3 == 0) { GameGoesOn = _step % (3 * lives) != 0 };
        }

        public void Dispose()
        {
        }
    }
}
