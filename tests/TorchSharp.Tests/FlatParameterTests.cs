using static TorchSharp.torch;

namespace TorchSharp.Tests;

/// <summary>
/// One flat parameter tensor and one flat gradient tensor; layers are leaf views into both. What a learner of small networks does to
/// clip and step with a handful of operations.
/// </summary>
public sealed class FlatParameterTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Gradients_of_leaf_views_land_in_the_flat_buffer()
    {
        var (flat, gradient, leaves) = Network();
        Loss(leaves).backward();
        var expected = Reference(flat);
        Assert.Equal(expected, gradient.Doubles());

        // Once more: the sum, still in the same memory, and the leaves still have their gradients there.
        Loss(leaves).backward();
        Assert.Equal([.. expected.Select(value => 2 * value)], gradient.Doubles());
        gradient.zero_();
        using var first = leaves[0].grad;
        Assert.Equal(0, first!.abs().sum().ToDouble());
    }

    [Fact]
    public void Clipping_and_adam_on_the_flat_tensors_equal_the_formulas()
    {
        var (flat, gradient, leaves) = Network();
        var mean = zeros_like(flat);
        var square = zeros_like(flat);
        var denominator = empty_like(flat);
        const double Rate = 0.01, Beta1 = 0.9, Beta2 = 0.999, Eps = 1e-5, MaxNorm = 0.5;
        var p = flat.Doubles();
        double[] m = new double[p.Length], v = new double[p.Length];

        for (var step = 1; step <= 5; step++)
        {
            gradient.zero_();
            Loss(leaves).backward();
            var g = gradient.Doubles();
            using (no_grad())
            {
                var norm = gradient.norm();
                gradient.mul_((MaxNorm / (norm + 1e-6)).clamp_max(1));
                mean.mul_(Beta1).add_(gradient, 1 - Beta1);
                square.mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
                denominator.copy_(square).sqrt_().div_(Math.Sqrt(1 - Math.Pow(Beta2, step))).add_(Eps);
                flat.addcdiv_(mean, denominator, -Rate / (1 - Math.Pow(Beta1, step)));
            }

            var scale = Math.Min(1, MaxNorm / (Math.Sqrt(g.Sum(value => value * value)) + 1e-6));
            Assert.True(scale < 1, "the case is to clip");
            for (var i = 0; i < p.Length; i++)
            {
                m[i] = Beta1 * m[i] + (1 - Beta1) * scale * g[i];
                v[i] = Beta2 * v[i] + (1 - Beta2) * scale * g[i] * scale * g[i];
                p[i] -= Rate * m[i] / (1 - Math.Pow(Beta1, step)) / (Math.Sqrt(v[i] / (1 - Math.Pow(Beta2, step))) + Eps);
            }

            Setup.Near(p, flat, 1e-12);
        }

        // The leaves see the step: the loss has fallen.
        var (_, _, untrained) = Network();
        Assert.True(Loss(leaves).ToDouble() < Loss(untrained).ToDouble());
    }

    [Fact]
    public void The_optimiser_steps_a_flat_parameter_whose_gradient_is_the_buffer()
    {
        var (flat, gradient, leaves) = Network();
        var before = flat.Doubles();
        using var parameter = nn.Parameter(flat.alias(), requires_grad: false);
        parameter.grad = gradient;
        using var adam = optim.Adam([parameter], lr: 0.01, eps: 1e-5);
        Loss(leaves).backward();
        var g = gradient.Doubles();
        adam.step();
        Setup.Near([.. before.Zip(g, (p, slope) => p - 0.01 * slope / (Math.Abs(slope) + 1e-5))], flat, 1e-9);
        adam.zero_grad();
        Assert.All(gradient.Doubles(), value => Assert.Equal(0, value));
    }

    /// <summary>A 3-4-1 network: the flat parameters, the flat gradient, and the leaves W1, b1, W2, b2.</summary>
    private static (Tensor Flat, Tensor Gradient, Tensor[] Leaves) Network()
    {
        long[][] shapes = [[4, 3], [4], [1, 4], [1]];
        var total = shapes.Sum(shape => shape.Aggregate(1L, (product, size) => product * size));
        var flat = linspace(-0.8, 0.9, total, float64);
        var gradient = zeros(total, float64);
        var leaves = new Tensor[shapes.Length];
        var offset = 0L;
        for (var i = 0; i < shapes.Length; i++)
        {
            var length = shapes[i].Aggregate(1L, (product, size) => product * size);
            leaves[i] = flat.narrow(0, offset, length).view(shapes[i]).detach().requires_grad_();
            leaves[i].grad = gradient.narrow(0, offset, length).view(shapes[i]);
            offset += length;
        }

        return (flat, gradient, leaves);
    }

    private static Tensor Loss(Tensor[] leaves)
    {
        var input = arange(6, float64).reshape(2, 3) / 6;
        var hidden = nn.functional.linear(input, leaves[0], leaves[1]).tanh();
        return (nn.functional.linear(hidden, leaves[2], leaves[3]) - 3).square().mean();
    }

    /// <summary>The same gradient without views: from leaves with memory of their own.</summary>
    private static double[] Reference(Tensor flat)
    {
        var leaves = new[]
        {
            flat[TensorIndex.Slice(0, 12)].view(4, 3), flat[TensorIndex.Slice(12, 16)], flat[TensorIndex.Slice(16, 20)].view(1, 4),
            flat[TensorIndex.Slice(20)],
        }.Select(view => view.clone().requires_grad_()).ToArray();
        return cat([.. autograd.grad([Loss(leaves)], leaves).Select(gradient => gradient.flatten())]).Doubles();
    }
}
