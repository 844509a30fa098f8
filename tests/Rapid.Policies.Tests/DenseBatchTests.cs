using Rapid.Policies.Kernels;
using Rapid.Protocol.Specs;

namespace Rapid.Policies.Tests;

public sealed class DenseBatchTests
{
    public static TheoryData<int, Activation?> Variants()
    {
        var data = new TheoryData<int, Activation?>();
        foreach (var width in new[] { TileKernel.Narrow.Columns, TileKernel.Middle.Columns, TileKernel.Wide.Columns })
        {
            data.Add(width, null);
            data.Add(width, Activation.Relu);
        }

        return data;
    }

    [Theory, MemberData(nameof(Variants))]
    public void Rows_are_those_of_double_precision_and_do_not_depend_on_each_other(int width, Activation? activation)
    {
        foreach (var (inputs, outputs) in new[] { (1, 1), (7, 3), (65, 40), (300, 18) })
        {
            const int Rows = 19;
            var (weight, bias, input) = (Numbers(outputs * inputs, 1), Numbers(outputs, 2), Numbers(Rows * inputs, 3));
            using var layer = new DenseBatch(inputs, outputs, activation, Kernel(width));
            layer.Load(weight, bias);
            var whole = new float[Rows * outputs];
            layer.Forward(input, whole);
            for (var row = 0; row < Rows; row++)
            {
                for (var j = 0; j < outputs; j++)
                {
                    var sum = bias[j] + Enumerable.Range(0, inputs).Sum(i => (double)weight[j * inputs + i] * input[row * inputs + i]);
                    Assert.Equal(activation == Activation.Relu ? Math.Max(sum, 0) : sum, whole[row * outputs + j], 1e-4);
                }
            }

            for (var count = 1; count < Rows; count++)
            {
                var part = new float[count * outputs];
                layer.Forward(input.AsSpan((Rows - count) * inputs), part);
                Assert.True(part.AsSpan().SequenceEqual(whole.AsSpan((Rows - count) * outputs)), $"{count} rows");
            }
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var layer = new DenseBatch(3, 2);

        Assert.Throws<ArgumentException>(() => layer.Load(new float[5], new float[2]));
        Assert.Throws<ArgumentException>(() => layer.Load(new float[6], new float[3]));
        Assert.Throws<ArgumentException>(() => layer.Forward(new float[4], new float[2]));
        Assert.Throws<ArgumentException>(() => layer.Forward(new float[6], new float[2]));
    }

    [Fact]
    public void Passes_allocate_nothing()
    {
        using var layer = new DenseBatch(30, 20, Activation.Relu);
        var (input, output) = (Numbers(5 * 30, 4), new float[5 * 20]);
        layer.Forward(input, output);
        var before = GC.GetAllocatedBytesForCurrentThread();

        layer.Forward(input, output);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static TileKernel Kernel(int width) =>
        new[] { TileKernel.Narrow, TileKernel.Middle, TileKernel.Wide }.Single(kernel => kernel.Columns == width);

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
