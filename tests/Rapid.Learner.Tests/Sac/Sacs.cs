using Rapid.Agents;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.Sac;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using TorchSharp;

namespace Rapid.Learner.Tests.OffPolicy;

/// <summary>Small algorithms and batches to test with.</summary>
internal static class Sacs
{
    public const int Observations = 5, Actions = 2, Rows = 16;

    public static ExperimentOptions Options(SacOptions? sac = null, NetworkOptions? network = null) =>
        Around((sac ?? new SacOptions()) with { BatchSize = Rows }, network);

    /// <summary>The experiment around an algorithm's options.</summary>
    public static ExperimentOptions Around(AlgorithmOptions algorithm, NetworkOptions? network = null) => new()
    {
        Name = "test",
        Seed = 3,
        Environment = new EnvironmentOptions { Name = "none" },
        Algorithm = algorithm,
        Network = network ?? new NetworkOptions
        {
            HiddenSizes = [12, 8],
            Activation = Activation.Relu,
            HiddenGain = 1,
            PolicyGain = 1,
            ValueGain = 1,
        },
    };

    public static PolicyLayout Layout(ExperimentOptions options, Space? actions = null) =>
        ExperimentPolicy.LayoutOf(options, BoxSpace.Unbounded(Observations), actions ?? new BoxSpace([-2f, -1f], [2f, 3f]));

    /// <summary>Random transitions, a third of them terminal.</summary>
    public static TransitionBatch Batch(ExperimentOptions options, PolicyLayout layout, long seed = 11)
    {
        var batch = new TransitionBatch(layout, (OffPolicyOptions)options.Algorithm, torch.CPU);
        using var generator = new torch.Generator((ulong)seed);
        batch.Inputs.normal_(0, 1, generator);
        batch.NextInputs.normal_(0, 1, generator);
        batch.Rewards.normal_(0, 3, generator);
        for (var i = 0; i < Rows; i++)
        {
            TensorMemory.Floats(batch.Continues)[i] = i % 3 == 0 ? 0 : 0.97f;
            TensorMemory.Longs(batch.ActionIndices)[i] = i % Math.Max(1, layout.Outputs);
        }

        return batch;
    }

    public static StateBag Save(ITransitionLearner algorithm)
    {
        var bag = new StateBag();
        algorithm.Visit(bag);
        return bag;
    }

    /// <summary>What a checkpoint holds is all that an algorithm needs to go on as if it had never stopped.</summary>
    public static void AssertGoesOnBitForBit(ExperimentOptions options, Func<ExperimentOptions, PolicyLayout, ITransitionLearner> make)
    {
        var layout = Layout(options);
        using var whole = make(options, layout);
        using var resumed = make(options with { Seed = 99 }, layout);
        Run(whole, 1, 3);
        resumed.Visit(Save(whole).ToRestore());

        Run(whole, 4, 6);
        Run(resumed, 4, 6);

        var (expected, actual) = (Save(whole), Save(resumed));
        Assert.Equal(expected.Values.ToJsonString(), actual.Values.ToJsonString());
        Assert.All(expected.Tensors, pair =>
            Assert.True(pair.Value.Bytes.Span.SequenceEqual(actual.Tensors[pair.Key].Bytes.Span), pair.Key));

        void Run(ITransitionLearner algorithm, int first, int last)
        {
            for (var update = first; update <= last; update++)
            {
                using var batch = Batch(options, layout, update);
                algorithm.Update(batch);
            }
        }
    }

    public static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])),
                $"[{i}]: {actual[i]} instead of {expected[i]}");
        }
    }
}
