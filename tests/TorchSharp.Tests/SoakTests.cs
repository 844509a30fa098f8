using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class SoakTests
{
    private const long MegaByte = 1024 * 1024;

    [Fact]
    public void A_million_small_operations_keep_resident_memory_flat()
    {
        using var recording = no_grad();
        using var x = rand(64);
        using var y = rand(64);
        Operations(x, y, 50_000);
        var before = ResidentBytes();
        Operations(x, y, 1_000_000);
        var growth = ResidentBytes() - before;
        Assert.True(growth < 24 * MegaByte, $"resident memory grew by {growth / MegaByte} MB");
    }

    [Fact]
    public void Backward_passes_keep_resident_memory_flat()
    {
        using var parameter = nn.Parameter(rand(32, 32));
        using var sgd = optim.SGD([parameter], learningRate: 1e-3);
        Train(parameter, sgd, 500);
        var before = ResidentBytes();
        Train(parameter, sgd, 10_000);
        var growth = ResidentBytes() - before;
        Assert.True(growth < 24 * MegaByte, $"resident memory grew by {growth / MegaByte} MB");
    }

    [Fact]
    public void Memory_of_wrapped_arrays_is_unpinned_when_the_tensor_goes()
    {
        var arrays = new List<WeakReference>();
        Wrap(arrays);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.True(arrays.Count(array => array.IsAlive) <= 1);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Wrap(List<WeakReference> arrays)
    {
        for (var i = 0; i < 50; i++)
        {
            var array = new float[100];
            arrays.Add(new WeakReference(array));
            using var tensor = from_array(array);
            using var view = tensor.narrow(0, 10, 10);
        }
    }

    private static void Operations(Tensor x, Tensor y, int count)
    {
        for (var done = 0; done < count; done += 100)
        {
            using var scope = NewDisposeScope();
            for (var i = 0; i < 50; i++)
            {
                _ = (x + y).mul_(0.5);
            }
        }
    }

    private static void Train(Modules.Parameter parameter, optim.Optimizer optimizer, int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            (parameter.matmul(parameter).tanh() - 1).square().mean().backward();
            optimizer.step();
        }
    }

    /// <summary>After a full collection: the managed heap's slack is not a leak.</summary>
    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Environment.WorkingSet;
    }
}
