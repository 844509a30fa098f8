using System.Diagnostics;
using System.Reflection;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests;

/// <summary>The garbage collector may run at any moment of an update.</summary>
public sealed class ScalarTests
{
    private const int Sums = 60_000;

    [Fact]
    public void TorchSharp_is_the_copy_that_keeps_its_variables() => Assert.True(
        typeof(torch).Assembly.GetCustomAttribute<DebuggableAttribute>()!.IsJITOptimizerDisabled,
        "build/Torch.targets did not replace TorchSharp.dll");

    [Fact]
    public async Task Sums_are_right_while_garbage_is_collected_without_pause()
    {
        using var ended = new CancellationTokenSource();
        var collecting = Task.Run(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        try
        {
            using var a = torch.full(2, 3f);
            using var b = torch.full(2, 4f);
            for (var i = 0; i < Sums; i++)
            {
                using var scope = NewDisposeScope();
                // The sum has a factor of b, the product a factor: both are scalars that nobody keeps.
                var sum = (a + b) * 2.0;
                Assert.Equal(14f, TensorMemoryOf(sum));
            }
        }
        finally
        {
            await ended.CancelAsync();
            await collecting;
        }
    }

    private static float TensorMemoryOf(Tensor tensor) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.bytes)[0];
}
