using Rapid.Core;
using Rapid.Environments.MuJoCo;

namespace Rapid.Environments.Tests.MuJoCo;

/// <summary>Going back to a moment, and not being disturbed by neighbours.</summary>
public sealed class SavedStateTests
{
    public static TheoryData<string> Names => [.. Tasks.All.Select(info => info.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_restored_state_goes_on_bit_for_bit_here_and_in_another_environment(string name)
    {
        using var environment = Tasks.Create(name);
        var random = new RandomStream(17);
        environment.Reset(random, environment.NewObservation());
        float[][] actions = [.. Enumerable.Range(0, 60).Select(_ => environment.RandomAction(random))];
        Play(environment, actions[..25]);
        using var state = environment.SaveState();
        var (seen, info) = (environment.PreciseObservation.ToArray(), environment.Info.ToArray());
        var first = Play(environment, actions[25..]);

        var observation = environment.NewObservation();
        environment.RestoreState(state, observation);
        Assert.Equal(Golden.Floats(seen), observation);
        Assert.Equal(info, environment.Info);
        Assert.Equal(first, Play(environment, actions[25..]));

        using var other = Tasks.Create(name);
        other.RestoreState(state, observation);
        Assert.Equal(first, Play(other, actions[25..]));
    }

    [Fact]
    public void A_state_of_another_model_is_refused()
    {
        using var hopper = Tasks.Create("Hopper-v4");
        using var cheetah = Tasks.Create("HalfCheetah-v4");
        using var state = hopper.SaveState();

        var error = Assert.Throws<ArgumentException>(() => cheetah.RestoreState(state, cheetah.NewObservation()));

        Assert.Contains("hopper.xml", error.Message, StringComparison.Ordinal);
        Assert.Contains("half_cheetah.xml", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_from_before_a_breakdown_goes_on_as_if_there_had_been_none()
    {
        using var environment = Tasks.Create("Ant-v5");
        var random = new RandomStream(3);
        environment.Reset(random, environment.NewObservation());
        float[][] actions = [.. Enumerable.Range(0, 20).Select(_ => environment.RandomAction(random))];
        using var state = environment.SaveState();
        var expected = Play(environment, actions);

        environment.Simulation.Velocities[3] = 1e20;
        Assert.NotNull(environment.Step(actions[0], environment.NewObservation()).Breakdown);
        environment.RestoreState(state, environment.NewObservation());

        Assert.Equal(expected, Play(environment, actions));
        Assert.Null(environment.Step(actions[0], environment.NewObservation()).Breakdown);
    }

    [Fact]
    public void Environments_that_take_turns_do_what_each_does_alone()
    {
        string[] names = ["Ant-v5", "Ant-v5", "Humanoid-v4"];
        var alone = names.Select((name, i) => Run([name], [i]).Single()).ToArray();

        Assert.Equal(alone, Run(names, [0, 1, 2]));
        Assert.NotEqual(alone[0], alone[1]);

        static double[][] Run(string[] names, int[] seeds)
        {
            MuJoCoEnvironment[] environments = [.. names.Select(name => Tasks.Create(name))];
            RandomStream[] streams = [.. seeds.Select(seed => new RandomStream(RandomStream.Derive(4, (ulong)seed)))];
            var rewards = names.Select(_ => new double[40]).ToArray();
            for (var i = 0; i < names.Length; i++)
            {
                environments[i].Reset(streams[i], environments[i].NewObservation());
            }

            for (var t = 0; t < rewards[0].Length; t++)
            {
                for (var i = 0; i < names.Length; i++)
                {
                    var environment = environments[i];
                    rewards[i][t] = environment.Step(environment.RandomAction(streams[i]), environment.NewObservation()).Reward;
                }
            }

            Array.ForEach(environments, environment => environment.Dispose());
            return rewards;
        }
    }

    /// <summary>Everything that steps bring, as text, which tells all bits.</summary>
    private static string Play(MuJoCoEnvironment environment, float[][] actions)
    {
        var observation = environment.NewObservation();
        return string.Join('\n', actions.Select(action =>
        {
            var result = environment.Step(action, observation);
            double[] numbers = [result.Reward, .. environment.Info, .. environment.PreciseObservation, .. environment.Positions];
            return $"{result.Terminated} {Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes<double>(numbers))}";
        }));
    }
}
