using System.Runtime.CompilerServices;

// Tests count living tensors, measure memory and set global thread counts and seeds.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace TorchSharp.Tests;

internal static class Setup
{
    [ModuleInitializer]
    internal static void UseOneThread() => torch.set_num_threads(1);

    /// <summary>Elements in row-major order.</summary>
    internal static float[] Floats(this torch.Tensor tensor) => tensor.data<float>().ToArray();

    internal static double[] Doubles(this torch.Tensor tensor) => tensor.data<double>().ToArray();

    internal static void Near(double[] expected, torch.Tensor actual, double tolerance = 1e-6)
    {
        using var converted = actual.to(torch.float64);
        var values = converted.Doubles();
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - values[i]) <= tolerance, $"element {i}: expected {expected[i]}, got {values[i]}");
        }
    }
}
