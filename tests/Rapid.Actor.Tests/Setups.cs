using Google.Protobuf;
using Rapid.Agents;
using Rapid.Agents.Ppo;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Actor.Tests;

/// <summary>Experiments, snapshots and blocks to test with.</summary>
internal static class Setups
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>An experiment on environments that the test brings along.</summary>
    public static ExperimentOptions Options(int steps, int environments, int threads = 1, bool normalize = false, ulong seed = 1) => new()
    {
        Name = "test",
        Seed = seed,
        Environment = new EnvironmentOptions { Name = "scripted" },
        Algorithm = new PpoOptions { RolloutSteps = steps, Gamma = 0.9 },
        Actors = new ActorOptions { Environments = environments, Threads = threads },
        Network = new NetworkOptions { HiddenSizes = [7, 5], PolicyGain = 1 },
        Normalization = new NormalizationOptions { Observations = normalize, Rewards = normalize, ObservationClip = 5 },
    };

    public static PolicyLayout Layout(ExperimentOptions options, bool discrete = false)
    {
        using var environment = new ScriptedEnvironment(0, 1, discrete);
        return ExperimentPolicy.LayoutOf(options, environment.ObservationSpace, environment.ActionSpace);
    }

    public static PolicyLayout RegisteredLayout(ExperimentOptions options)
    {
        using var environment = EnvironmentFactory.Create(options.Environment);
        return ExperimentPolicy.LayoutOf(options, environment.ObservationSpace, environment.ActionSpace);
    }

    /// <summary>A snapshot whose weights depend on its version.</summary>
    public static PolicySnapshot Snapshot(PolicyLayout layout, NetworkOptions network, long version)
    {
        var parameters = new float[layout.Length];
        Initializer.Initialize(layout, network, new RandomStream((ulong)version), parameters);
        return new PolicySnapshot { Version = version, Graph = layout.Graph, Parameters = TensorCodec.ToByteString<float>(parameters) };
    }

    /// <summary>Statistics as a learner has them before it has seen anything.</summary>
    public static NormalizerState FreshNormalizer(int size) =>
        new() { Count = 1e-4, Mean = { new double[size] }, Variance = { Enumerable.Repeat(1.0, size) } };

    public static float[] Parameters(PolicySnapshot snapshot) =>
        [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(snapshot.Parameters.Span)];

    public static Trajectory Block(string producer, ulong sequence, int steps = 4)
    {
        var block = new Trajectory
        {
            Experiment = "test",
            Producer = producer,
            Sequence = sequence,
            Steps = (uint)steps,
            Environments = 1,
            PolicyVersion = 1,
        };
        block.Add<float>(TrajectoryColumns.Rewards, new float[steps], steps, 1);
        block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, 3);
        return block;
    }

    public static byte[] Bytes(Trajectory block) => block.ToByteArray();

    /// <summary>The same experience, whoever sent it.</summary>
    public static void AssertSame(Trajectory expected, Trajectory actual)
    {
        static IEnumerable<(string, ByteString)> Columns(Trajectory block) =>
            block.Columns.Select(column => (column.Name, column.Tensor.Data));

        Assert.Equal(Columns(expected), Columns(actual));
        var readdressed = actual.Clone();
        (readdressed.Experiment, readdressed.Slot) = (expected.Experiment, expected.Slot);
        (readdressed.Producer, readdressed.Sequence) = (expected.Producer, expected.Sequence);
        Assert.Equal(expected, readdressed);
    }

    public static async Task Until(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "what was waited for did not happen");
            await Task.Delay(10);
        }
    }
}
