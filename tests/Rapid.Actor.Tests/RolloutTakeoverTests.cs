using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

/// <summary>A collector that takes a slot over goes on bit for bit as the one before it would have.</summary>
public sealed class RolloutTakeoverTests
{
    private const int Blocks = 6;

    private const string CartPole =
        "environment: { name: CartPole-v1 }\nactors: { environments: 3 }\nalgorithm: { rollout_steps: 16 }";

    // Every game ends with a block.
    private const string Boundaries =
        """
        environment: { name: Pendulum-v1, max_episode_steps: 16 }
        actors: { environments: 2 }
        algorithm: { name: p3o, rollout_steps: 8 }
        """;

    private const string Normalized =
        """
        environment: { name: Hopper-v4, max_episode_steps: 30 }
        actors: { environments: 3, threads: 2 }
        algorithm: { rollout_steps: 8, minibatches: 4 }
        normalization: { observations: true, rewards: true }
        """;

    private const string Rescaled =
        """
        environment: { name: dm.cartpole.swingup, rescale_actions: true, max_episode_steps: 13 }
        actors: { environments: 2 }
        algorithm: { rollout_steps: 8, minibatches: 4 }
        """;

    private const string Duel =
        """
        environment: { name: DuelNoFrameskip-v4, max_episode_steps: 21, options: { screen_size: 44, repeat_action_probability: 0.25 } }
        actors: { environments: 2 }
        algorithm: { name: a2c, rollout_steps: 8 }
        network: { encoder: ppo1, hidden_sizes: [16] }
        """;

    private const string DuelOfFirstFrames =
        """
        environment:
          name: DuelNoFrameskip-v4
          max_episode_steps: 10
          options: { screen_size: 44, stack_padding: first_frame, frame_stack: 3, obs_type: rgb }
        actors: { environments: 2 }
        algorithm: { rollout_steps: 8, minibatches: 4 }
        network: { encoder: ppo1, hidden_sizes: [16] }
        """;

    [Theory]
    [InlineData(CartPole)]
    [InlineData(Boundaries)]
    [InlineData(Normalized)]
    [InlineData(Rescaled)]
    [InlineData(Duel)]
    [InlineData(DuelOfFirstFrames)]
    public void It_makes_the_blocks_that_would_have_come(string spec)
    {
        var options = SpecReader.ReadYaml(spec, ["lockstep=true", "seed=3"]);
        var layout = RegisteredLayout(options);
        var snapshots = Enumerable.Range(1, Blocks).Select(version => At(options, layout, version)).ToArray();
        var games = new PlayedGames(options.Actors.Environments);
        using var whole = new RolloutCollector(options, 1);
        var successors = new List<RolloutCollector>();
        try
        {
            for (var i = 0; i < Blocks; i++)
            {
                var block = whole.Collect(snapshots[i], default)!;
                foreach (var successor in successors)
                {
                    AssertSame(block, successor.Collect(snapshots[i], default)!);
                }

                games.Add(block);
                successors.Add(new RolloutCollector(options, 1));
                successors[^1].GoOnWith(games.Records(), default);
            }
        }
        finally
        {
            successors.ForEach(successor => successor.Dispose());
        }
    }

    [Fact]
    public void A_long_game_is_played_again_with_all_its_frames()
    {
        var options = SpecReader.ReadYaml(Duel, ["lockstep=true", "environment.max_episode_steps=1000", "algorithm.rollout_steps=100"]);
        var layout = RegisteredLayout(options);
        var games = new PlayedGames(options.Actors.Environments);
        using var whole = new RolloutCollector(options, 0);
        for (var version = 1; version <= 2; version++)
        {
            games.Add(whole.Collect(At(options, layout, version), default)!);
        }

        using var successor = new RolloutCollector(options, 0);
        successor.GoOnWith(games.Records(), default);

        AssertSame(whole.Collect(At(options, layout, 3), default)!, successor.Collect(At(options, layout, 3), default)!);
    }

    [Fact]
    public void After_a_block_that_was_lost_all_games_begin_anew_so_that_no_step_of_theirs_is_missing()
    {
        // Bodies thrown that far into the floor break MuJoCo's integration in one episode of ten.
        var options = SpecReader.ReadYaml(
            """
            environment: { name: HalfCheetah-v4, max_episode_steps: 8, options: { reset_noise_scale: 12 } }
            actors: { environments: 2 }
            algorithm: { rollout_steps: 4, minibatches: 4 }
            """,
            ["lockstep=true", "seed=1"]);
        var layout = RegisteredLayout(options);
        var games = new PlayedGames(2);
        using var whole = new RolloutCollector(options, 0);
        RolloutCollector? successor = null;
        var (lost, wasLost) = (0, false);
        for (var version = 1; lost < 5; version++)
        {
            var snapshot = At(options, layout, version);
            var (block, again) = (whole.Collect(snapshot, default), successor?.Collect(snapshot, default));
            if (block is null)
            {
                Assert.Null(again);
                (lost, wasLost) = (lost + 1, true);
                continue;
            }

            if (wasLost)
            {
                Assert.Equal([0u, 0u], block.Games.Select(game => game.Step));
            }

            games.Add(block);
            if (successor is not null)
            {
                AssertSame(block, again!);
                successor.Dispose();
            }

            (wasLost, successor) = (false, new RolloutCollector(options, 0));
            successor.GoOnWith(games.Records(), default);
        }

        successor!.Dispose();
    }

    [Fact]
    public void Blocks_of_runs_that_are_not_in_lockstep_say_nothing_of_their_games()
    {
        var options = SpecReader.ReadYaml(CartPole, ["lockstep=false"]);
        using var collector = new RolloutCollector(options, 0);
        var block = collector.Collect(At(options, RegisteredLayout(options), 1), default)!;
        Assert.Empty(block.Games);
        Assert.Empty(block.Noise);
    }

    [Fact]
    public void An_environment_that_shows_something_else_when_its_game_is_played_again_is_found_out()
    {
        // It counts its episodes, and does not say so.
        var options = Options(steps: 7, environments: 2) with { Lockstep = true };
        var games = new PlayedGames(2);
        using var whole = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(length: 100));
        using var counting = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(length: 3));
        using var successor = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(length: 3));
        using var first = new RolloutCollector(options, 0, ScriptedEnvironment.Vector(length: 100));
        var snapshot = Snapshot(Layout(options), options.Network, 1);
        games.Add(whole.Collect(snapshot, default)!);
        first.GoOnWith(games.Records(), default);
        games.Add(counting.Collect(snapshot, default)!);

        var error = Assert.Throws<InvalidDataException>(() => successor.GoOnWith(games.Records(), default));

        Assert.StartsWith("environment 0 shows something else than at first when 1 actions", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Playing_again_stops_when_it_is_cancelled()
    {
        var options = SpecReader.ReadYaml(CartPole, ["lockstep=true"]);
        var games = new PlayedGames(3);
        using var whole = new RolloutCollector(options, 0);
        using var successor = new RolloutCollector(options, 0);
        games.Add(whole.Collect(At(options, RegisteredLayout(options), 1), default)!);

        Assert.Throws<OperationCanceledException>(() => successor.GoOnWith(games.Records(), new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Games_of_another_number_of_environments_are_refused()
    {
        var options = SpecReader.ReadYaml(CartPole, ["lockstep=true"]);
        using var collector = new RolloutCollector(options, 0);
        var error = Assert.Throws<InvalidDataException>(() => collector.GoOnWith([new GameRecord()], default));
        Assert.Contains("1 games of a slot with 3 environments", error.Message, StringComparison.Ordinal);
    }

    private static PolicySnapshot At(ExperimentOptions options, PolicyLayout layout, long version)
    {
        var snapshot = Snapshot(layout, options.Network with { PolicyGain = 1 }, version);
        if (options.Normalization.Observations)
        {
            snapshot.ObservationNormalizer = FreshNormalizer(layout.ObservationSize);
            snapshot.ObservationNormalizer.Count = version;
        }

        return snapshot;
    }
}
