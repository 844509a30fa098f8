using System.Diagnostics;
using Rapid.Policies;
using static TorchSharp.torch;

namespace Rapid.Benchmarks;

/// <summary>How many updates a second there were if an update were nothing but its matrix products, 0.59 GFLOP.</summary>
internal static class MatrixProducts
{
    private const int Rounds = 60;

    public static double UpdatesPerSecond(PolicyLayout layout, int rows)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        int[] policy = [layout.ObservationSize, .. layout.HiddenSizes, layout.Outputs];
        int[] critic = [layout.ObservationSize + layout.ActionSize, .. layout.HiddenSizes, 1];

        // Forward: the policy at both observations, the targets, the critics twice. Backward: weights and inputs of the critics and of the
        // policy; inputs alone of the critics under the policy.
        var products = new List<(Tensor Target, Tensor Left, Tensor Right)>();
        Add(policy, forward: 2, weights: 1, inputs: 1);
        Add(critic, forward: 6, weights: 2, inputs: 4);
        Multiply(products);
        var clock = Stopwatch.StartNew();
        for (var round = 0; round < Rounds; round++)
        {
            Multiply(products);
        }

        return Rounds / clock.Elapsed.TotalSeconds;

        void Add(int[] sizes, int forward, int weights, int inputs)
        {
            for (var layer = 0; layer + 1 < sizes.Length; layer++)
            {
                var (from, to) = (sizes[layer], sizes[layer + 1]);
                var (x, delta, weight) = (rand(rows, from), rand(rows, to), rand(to, from));
                var (y, dx, dw) = (zeros(rows, to), zeros(rows, from), zeros(to, from));
                products.AddRange(Enumerable.Repeat((y, x, weight.t()), forward));
                products.AddRange(Enumerable.Repeat((dw, delta.t(), x), weights));
                products.AddRange(Enumerable.Repeat((dx, delta, weight), layer == 0 ? 0 : inputs));
            }
        }
    }

    private static void Multiply(List<(Tensor Target, Tensor Left, Tensor Right)> products)
    {
        foreach (var (target, left, right) in products)
        {
            target.addmm_(left, right, beta: 0);
        }
    }
}
