using Rapid.Core;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Policies.Tests;

public sealed class PolicyInferenceTests
{
    private const int LargestBatch = 33;

    /// <summary>Widths below, at and beyond the 4, 8 and 16 lanes of vector registers, and networks without hidden layers.</summary>
    public static TheoryData<int, int, bool, bool, bool, int[]> Shapes => new()
    {
        { 17, 6, false, false, false, [64, 64] },
        { 4, 2, true, false, false, [64, 64] },
        { 1, 1, false, false, false, [1] },
        { 3, 5, true, true, true, [3, 5] },
        { 7, 3, false, true, false, [7] },
        { 11, 9, false, false, true, [17, 33] },
        { 5, 19, true, true, false, [8, 9, 10] },
        { 2, 8, true, false, true, [31, 15] },
        { 16, 4, false, true, true, [100] },
        { 6, 3, false, false, false, [] },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Every_batch_size_equals_the_network_in_double_precision(
        int observationSize, int outputs, bool discrete, bool shared, bool relu, int[] hidden)
    {
        var (layout, parameters, inference) = Make(observationSize, outputs, discrete, shared, relu, hidden);
        var reference = new ReferenceForward(layout, parameters);
        for (var count = 1; count <= LargestBatch; count++)
        {
            var observations = Networks.RandomObservations(layout, count, (ulong)count);
            var (actions, logProbabilities, values) = Act(inference, observations, Networks.Streams(count));
            var (modes, valuesAlone) = (new float[count * layout.ActionSize], new float[count]);
            inference.ActMode(observations, modes);
            inference.Values(observations, valuesAlone);
            for (var i = 0; i < count; i++)
            {
                var observation = observations.AsSpan(i * observationSize, observationSize);
                var action = actions.AsSpan(i * layout.ActionSize, layout.ActionSize);
                Assert.Equal(reference.Value(observation), values[i], 1e-5);
                Assert.Equal(values[i], valuesAlone[i]);
                Assert.Equal(reference.LogProbability(observation, action), logProbabilities[i], 1e-4);
                AssertMode(reference.Head(observation), modes.AsSpan(i * layout.ActionSize, layout.ActionSize), discrete);
            }
        }
    }

    [Theory]
    [InlineData(17, 6, false, false, false)]
    [InlineData(13, 5, true, false, true)]
    [InlineData(9, 3, false, true, true)]
    [InlineData(9, 4, true, true, false)]
    public void The_policy_equals_libtorch(int observationSize, int outputs, bool discrete, bool shared, bool relu)
    {
        using var scope = NewDisposeScope();
        var (layout, parameters, inference) = Make(observationSize, outputs, discrete, shared, relu, [64, 37]);
        var observations = Networks.RandomObservations(layout, LargestBatch, 1);
        var (actions, logProbabilities, values) = Act(inference, observations, Networks.Streams(LargestBatch));

        Tensor Parameter(string name) => tensor(
            parameters.AsSpan(layout[name].Offset, layout[name].Length).ToArray(), [.. layout[name].Shape.Select(size => (long)size)]);
        Tensor Tower(long tower)
        {
            var features = tensor(observations, [LargestBatch, observationSize]);
            for (var layer = 0; layer < 2; layer++)
            {
                var weight = Parameter($"body.{layer}.weight").select(0, tower);
                features = features.matmul(weight.t()) + Parameter($"body.{layer}.bias").select(0, tower);
                features = relu ? features.relu() : features.tanh();
            }

            return features;
        }

        var head = Tower(0).matmul(Parameter("policy.weight").t()) + Parameter("policy.bias");
        var value = Tower(layout.Towers - 1).matmul(Parameter("value.weight").t()) + Parameter("value.bias");
        Tensor scored;
        if (discrete)
        {
            scored = head.log_softmax(1).gather(1, tensor(actions.Select(action => (long)action).ToArray(), [LargestBatch, 1]));
        }
        else
        {
            var logStd = Parameter("policy.log_std");
            var z = (tensor(actions, [LargestBatch, outputs]) - head) / logStd.exp();
            scored = (z * z * -0.5 - logStd - 0.5 * Math.Log(2 * Math.PI)).sum(1);
        }

        var (expectedValues, expectedScores) = (value.data<float>().ToArray(), scored.data<float>().ToArray());
        for (var i = 0; i < LargestBatch; i++)
        {
            Assert.Equal(expectedValues[i], values[i], 1e-5);
            Assert.Equal(expectedScores[i], logProbabilities[i], 1e-4);
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void How_a_batch_is_split_changes_no_bit(int observationSize, int outputs, bool discrete, bool shared, bool relu, int[] hidden)
    {
        var (layout, _, inference) = Make(observationSize, outputs, discrete, shared, relu, hidden);
        var observations = Networks.RandomObservations(layout, LargestBatch, 1);
        var whole = Act(inference, observations, Networks.Streams(LargestBatch));
        foreach (var part in new[] { 1, 2, 5, 16 })
        {
            var streams = Networks.Streams(LargestBatch);
            for (var start = 0; start < LargestBatch; start += part)
            {
                var end = Math.Min(start + part, LargestBatch);
                var piece = Act(inference, observations[(start * observationSize)..(end * observationSize)], streams[start..end]);
                Assert.Equal(Bits(whole.Actions[(start * layout.ActionSize)..(end * layout.ActionSize)]), Bits(piece.Actions));
                Assert.Equal(Bits(whole.LogProbabilities[start..end]), Bits(piece.LogProbabilities));
                Assert.Equal(Bits(whole.Values[start..end]), Bits(piece.Values));
            }
        }
    }

    [Fact]
    public void Instances_on_several_threads_agree_in_every_bit()
    {
        var (layout, parameters, _) = Make(17, 6, discrete: false, shared: false, relu: false, [64, 37]);
        var observations = Networks.RandomObservations(layout, LargestBatch, 1);
        var results = new (float[] Actions, float[] LogProbabilities, float[] Values)[4];
        var threads = Enumerable.Range(0, results.Length).Select(i => new Thread(() =>
        {
            var inference = new PolicyInference(layout);
            inference.Load(parameters);
            for (var repeat = 0; repeat < 50; repeat++)
            {
                results[i] = Act(inference, observations, Networks.Streams(LargestBatch));
            }
        })).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        Assert.All(results, result =>
        {
            Assert.Equal(Bits(results[0].Actions), Bits(result.Actions));
            Assert.Equal(Bits(results[0].LogProbabilities), Bits(result.LogProbabilities));
            Assert.Equal(Bits(results[0].Values), Bits(result.Values));
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Acting_allocates_nothing(bool discrete)
    {
        const int Count = 5;
        var (layout, _, inference) = Make(17, 6, discrete, shared: false, relu: false, [64, 37]);
        var (observations, streams) = (Networks.RandomObservations(layout, Count, 1), Networks.Streams(Count));
        var (actions, logProbabilities, values) = (new float[Count * layout.ActionSize], new float[Count], new float[Count]);
        void Run()
        {
            for (var i = 0; i < 200; i++)
            {
                inference.Act(observations, streams, actions, logProbabilities, values);
                inference.ActMode(observations, actions);
                inference.Values(observations, values);
            }
        }

        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void New_weights_replace_all_the_old_ones()
    {
        var (layout, first, used) = Make(7, 3, discrete: false, shared: false, relu: false, [9, 5]);
        var second = Networks.RandomParameters(layout, 2);
        var fresh = new PolicyInference(layout);
        fresh.Load(second);
        var observations = Networks.RandomObservations(layout, 3, 1);
        var old = Act(used, observations, Networks.Streams(3));

        used.Load(second);

        Assert.NotEqual(old.Actions, Act(used, observations, Networks.Streams(3)).Actions);
        var (expected, actual) = (Act(fresh, observations, Networks.Streams(3)), Act(used, observations, Networks.Streams(3)));
        Assert.Equal(expected.Actions, actual.Actions);
        Assert.Equal(expected.LogProbabilities, actual.LogProbabilities);
        Assert.Equal(expected.Values, actual.Values);
        used.Load(first);
        Assert.Equal(old.Values, Act(used, observations, Networks.Streams(3)).Values);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Parameters_of_another_length_are_refused_and_the_old_ones_stay(int excess)
    {
        var (layout, parameters, inference) = Make(7, 3, discrete: true, shared: false, relu: false, [9]);
        var observations = Networks.RandomObservations(layout, 3, 1);
        var before = Act(inference, observations, Networks.Streams(3)).LogProbabilities;

        var error = Assert.Throws<ArgumentException>(() => inference.Load(new float[parameters.Length + excess]));

        Assert.Contains($"{parameters.Length + excess} parameters", error.Message, StringComparison.Ordinal);
        Assert.Contains($"has {parameters.Length}", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Act(inference, observations, Networks.Streams(3)).LogProbabilities);
    }

    private static void AssertMode(double[] head, ReadOnlySpan<float> mode, bool discrete)
    {
        if (discrete)
        {
            // Rounding may swap two logits that are equal to seven digits, and nothing else.
            Assert.Equal(head.Max(), head[(int)mode[0]], 1e-5);
            return;
        }

        for (var j = 0; j < head.Length; j++)
        {
            Assert.Equal(head[j], mode[j], 1e-5);
        }
    }

    private static (PolicyLayout Layout, float[] Parameters, PolicyInference Inference) Make(
        int observations, int outputs, bool discrete, bool shared, bool relu, int[] hidden)
    {
        var network = new NetworkOptions { HiddenSizes = hidden, Shared = shared, Activation = relu ? Activation.Relu : Activation.Tanh };
        var layout = Networks.Layout(observations, outputs, discrete, network);
        var parameters = Networks.RandomParameters(layout, 1);
        var inference = new PolicyInference(layout);
        inference.Load(parameters);
        return (layout, parameters, inference);
    }

    private static (float[] Actions, float[] LogProbabilities, float[] Values) Act(
        PolicyInference inference, float[] observations, RandomStream[] streams)
    {
        var actions = new float[streams.Length * inference.Layout.ActionSize];
        var (logProbabilities, values) = (new float[streams.Length], new float[streams.Length]);
        inference.Act(observations, streams, actions, logProbabilities, values);
        return (actions, logProbabilities, values);
    }

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];
}
