using FsCheck;
using FsCheck.Fluent;
using Rapid.Policies.Encoders;
using Rapid.Policies.Kernels;
using Rapid.Protocol.Specs;

namespace Rapid.Policies.Tests.Encoders;

public sealed class FrameEncoderTests
{
    private static readonly EncoderShape _small = new(2, 17, 19, [new(10, 4, 2), new(35, 3, 1), new(7, 2, 2)]);

    public static TheoryData<int> Widths() => [.. Frames.Kernels.Select(kernel => kernel.Columns)];

    [Theory]
    [InlineData(Encoder.Nature)]
    [InlineData(Encoder.Ikostrikov)]
    [InlineData(Encoder.Ppo1)]
    public void Named_networks_on_frames_of_84x84_are_those_of_double_precision(Encoder encoder)
    {
        using var frames = new Frames(EncoderShape.Of(encoder, 4, 84, 84), rows: 2, seed: 1);
        AssertRight(frames, [TileKernel.Best]);
    }

    [Fact]
    public void Features_and_gradients_are_right_whatever_the_shape() => Prop.ForAll(Shapes().ToArbitrary(), example =>
    {
        using var frames = new Frames(example.Shape, example.Rows, example.Seed);
        AssertRight(frames, Frames.Kernels);
    }).QuickCheckThrowOnFailure();

    [Theory, MemberData(nameof(Widths))]
    public void Gradients_are_the_slopes_of_the_features(int width)
    {
        var shape = new EncoderShape(1, 7, 6, [new(3, 3, 1), new(2, 2, 2)]);
        using var frames = new Frames(shape, rows: 3, seed: 5);
        var gradients = frames.Compute(Kernel(width)).Gradients;
        for (var i = 0; i < shape.Length; i++)
        {
            const float Step = 1f / 512;
            var before = frames.Parameters[i];
            frames.Parameters[i] = before + Step;
            var above = Loss();
            frames.Parameters[i] = before - Step;
            var below = Loss();
            frames.Parameters[i] = before;

            Assert.Equal((above - below) / (2 * Step), gradients[i], 0.01 * Math.Max(1, Math.Abs(gradients[i])));
        }

        double Loss() => ReferenceEncoder.Compute(frames).Features.Zip(frames.FeatureGradient, (value, slope) => value * slope).Sum();
    }

    [Theory, MemberData(nameof(Widths))]
    public void The_bits_of_features_do_not_depend_on_the_batch(int width)
    {
        using var frames = new Frames(_small, rows: 23, seed: 2);
        using var encoder = new FrameEncoder(_small, 23, 1, false, Kernel(width));
        var whole = new float[23 * _small.Features];
        encoder.Forward(frames.Planes, frames.Parameters, whole);
        foreach (var (first, count) in new[] { (0, 1), (22, 1), (3, 2), (5, 3), (1, 7), (6, 17) })
        {
            var part = new float[count * _small.Features];
            encoder.Forward(frames.Planes.AsSpan(first * _small.Planes, count * _small.Planes), frames.Parameters, part);
            Assert.True(part.AsSpan().SequenceEqual(whole.AsSpan(first * _small.Features, part.Length)), $"{count} rows from {first} on");
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Every_number_of_threads_and_every_capacity_give_the_same_bits(int width)
    {
        using var frames = new Frames(_small, rows: 37, seed: 3);
        var (features, gradients) = frames.Compute(Kernel(width));
        foreach (var (threads, extraRows) in new[] { (2, 0), (3, 100), (8, 1), (1, 300) })
        {
            var (sameFeatures, sameGradients) = frames.Compute(Kernel(width), threads, extraRows);
            Assert.True(features.AsSpan().SequenceEqual(sameFeatures), $"features, {threads} threads, {extraRows} rows more");
            Assert.True(gradients.AsSpan().SequenceEqual(sameGradients), $"gradients, {threads} threads, {extraRows} rows more");
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(150)]
    public void Gradients_of_large_batches_are_those_of_all_their_parts(int rows)
    {
        using var frames = new Frames(new EncoderShape(1, 9, 8, [new(3, 3, 1), new(2, 2, 2)]), rows, seed: 9);
        AssertRight(frames, Frames.Kernels);
    }

    [Fact]
    public void A_pass_that_is_not_kept_leaves_the_backward_pass_alone()
    {
        using var frames = new Frames(_small, rows: 9, seed: 4);
        using var others = new Frames(_small, rows: 9, seed: 5);
        var expected = frames.Compute(TileKernel.Best).Gradients;
        using var encoder = new FrameEncoder(_small, 9, training: true);
        var (features, gradients) = (new float[9 * _small.Features], new float[_small.Length]);

        encoder.Forward(frames.Planes, frames.Parameters, features, forBackward: true);
        encoder.Forward(others.Planes, others.Parameters, features);
        encoder.Backward(frames.Parameters, frames.FeatureGradient, gradients);

        Assert.Equal(expected, gradients);
    }

    [Fact]
    public void What_is_not_a_number_shows_in_features_and_gradients()
    {
        using var frames = new Frames(_small, rows: 2, seed: 6);
        frames.Parameters[_small.Layers[1].BiasOffset + 3] = float.NaN;

        var (features, gradients) = frames.Compute(TileKernel.Best);

        Assert.Contains(features, float.IsNaN);
        Assert.Contains(gradients, float.IsNaN);
    }

    [Fact]
    public void Passes_allocate_nothing()
    {
        using var frames = new Frames(_small, rows: 20, seed: 7);
        using var encoder = new FrameEncoder(_small, 20, threads: 2, training: true);
        var (features, gradients) = (new float[20 * _small.Features], new float[_small.Length]);
        var allocated = new List<long>();
        for (var i = 0; i < 20; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Passes();
            allocated.Add(GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // A thread that has to wait for the others for the first time makes what it waits with.
        Assert.InRange(allocated.Count(bytes => bytes > 0), 0, 2);

        void Passes()
        {
            encoder.Forward(frames.Planes, frames.Parameters, features, forBackward: true);
            encoder.Forward(frames.Planes, frames.Parameters, features);
            encoder.Backward(frames.Parameters, frames.FeatureGradient, gradients);
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var frames = new Frames(_small, rows: 3, seed: 8);
        using var encoder = new FrameEncoder(_small, 2, training: true);
        using var actor = new FrameEncoder(_small, 3);
        var (two, features, gradients) = (frames.Planes[..4], new float[2 * _small.Features], new float[_small.Length]);

        Assert.Throws<ArgumentException>(() => encoder.Forward(frames.Planes, frames.Parameters, new float[3 * _small.Features]));
        Assert.Throws<ArgumentException>(() => encoder.Forward(frames.Planes.AsSpan(0, 3), frames.Parameters, features));
        Assert.Throws<ArgumentException>(() => encoder.Forward(two, frames.Parameters.AsSpan(1), features));
        Assert.Throws<ArgumentException>(() => encoder.Forward(two, frames.Parameters, features.AsSpan(1)));
        Assert.Throws<InvalidOperationException>(() => encoder.Backward(frames.Parameters, features, gradients));
        encoder.Forward(two, frames.Parameters, features, forBackward: true);
        Assert.Throws<ArgumentException>(() => encoder.Backward(frames.Parameters, features.AsSpan(1), gradients));
        Assert.Throws<ArgumentException>(() => encoder.Backward(frames.Parameters, features, gradients.AsSpan(1)));
        Assert.Throws<InvalidOperationException>(() => actor.Forward(two, frames.Parameters, features, forBackward: true));
        Assert.Throws<InvalidOperationException>(() => actor.Backward(frames.Parameters, features, gradients));
        actor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => actor.Forward(two, frames.Parameters, features));
    }

    private static TileKernel Kernel(int width) => Frames.Kernels.Single(kernel => kernel.Columns == width);

    private static void AssertRight(Frames frames, TileKernel[] kernels)
    {
        var (expectedFeatures, expectedGradients, doubts) = ReferenceEncoder.Compute(frames);
        foreach (var kernel in kernels)
        {
            var (features, gradients) = frames.Compute(kernel);
            AssertClose(kernel, expectedFeatures, features, new double[features.Length]);
            AssertClose(kernel, expectedGradients, gradients, doubts);
        }

        void AssertClose(TileKernel kernel, double[] expected, float[] actual, double[] doubt)
        {
            var tolerance = 2e-5 * Math.Max(0.1, expected.Max(Math.Abs));
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.True(
                    Math.Abs(expected[i] - actual[i]) <= tolerance + doubt[i],
                    $"{kernel.Columns} columns, {frames.Rows} rows, {i} of {expected.Length}: {actual[i]} instead of {expected[i]}");
            }
        }
    }

    private static Gen<(EncoderShape Shape, int Rows, int Seed)> Shapes() =>
        from planes in Gen.Choose(1, 5)
        from height in Gen.Choose(10, 26)
        from width in Gen.Choose(10, 26)
        from layers in Gen.Choose(1, 3)
        from channels in Gen.Choose(1, 40).ListOf(layers)
        from kernels in Gen.Choose(1, 3).ListOf(layers)
        from strides in Gen.Choose(1, 3).ListOf(layers)
        from rows in Gen.Choose(1, 10)
        from seed in Gen.Choose(0, 1000)
        where Fits(Math.Min(height, width), kernels, strides)
        let convolutions = channels.Select((count, i) => new ConvolutionLayer(count, kernels[i], strides[i]))
        select (new EncoderShape(planes, height, width, convolutions), rows, seed);

    private static bool Fits(int side, List<int> kernels, List<int> strides)
    {
        for (var i = 0; i < kernels.Count; i++)
        {
            if (side < kernels[i])
            {
                return false;
            }

            side = (side - kernels[i]) / strides[i] + 1;
        }

        return true;
    }
}
