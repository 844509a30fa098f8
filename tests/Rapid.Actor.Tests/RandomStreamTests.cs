using Rapid.Agents.A2c;
using Rapid.Agents.Ppo;
using Rapid.Agents.Sac;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using static Rapid.Actor.Tests.Setups;

namespace Rapid.Actor.Tests;

/// <summary>Which start states and which noise a slot has.</summary>
public sealed class RandomStreamTests
{
    private static readonly AlgorithmOptions[] Algorithms =
        [new PpoOptions { RolloutSteps = 8 }, new A2cOptions { RolloutSteps = 8 }, new SacOptions { RolloutSteps = 8 }];

    [Fact]
    public void A_run_that_goes_on_and_a_worker_that_takes_anothers_place_see_other_states_and_noise()
    {
        foreach (var algorithm in Algorithms)
        {
            (uint Slot, long Step, ulong Life)[] beginnings = [(0, 0, 0), (1, 0, 0), (0, 4096, 0), (0, 8192, 0), (0, 0, 7), (0, 4096, 7)];
            var (states, actions) = (new HashSet<float>(), new HashSet<float>());
            foreach (var (slot, step, life) in beginnings)
            {
                var first = Collect(algorithm, slot, step, life);
                Assert.True(states.Add(first.State) && actions.Add(first.Action), $"{algorithm.Name}: {slot} {step} {life}");
                Assert.Equal(first, Collect(algorithm, slot, step, life));
            }
        }
    }

    /// <summary>The first observation's first number, and the first action under weights that are all zero.</summary>
    private static (float State, float Action) Collect(AlgorithmOptions algorithm, uint slot, long step, ulong life)
    {
        var options = Options(steps: 8, environments: 2) with
        {
            Environment = new EnvironmentOptions { Name = "Pendulum-v1" },
            Algorithm = algorithm,
        };
        using var collector = ICollector.Create(options, slot, life);
        var snapshot = Snapshot(RegisteredLayout(options), options.Network, version: 1);
        (snapshot.Step, snapshot.Parameters) = (step, Google.Protobuf.ByteString.CopyFrom(new byte[snapshot.Parameters.Length]));
        var block = collector.Collect(snapshot, default)!;
        return (block.Floats(TrajectoryColumns.Observations, 9, 2, 3)[0], block.Floats(TrajectoryColumns.Actions, 8, 2, 1)[0]);
    }
}
