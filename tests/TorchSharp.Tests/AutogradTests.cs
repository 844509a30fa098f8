using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class AutogradTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    public static TheoryData<string, Func<Tensor, Tensor>> Functions { get; } = new()
    {
        { "arithmetic", x => (2 * x - 1 / (x + 3) + x * x.pow(2) - (-x)).sum() },
        { "exponentials", x => (x.exp() + x.log1p() + x.tanh() + x.sigmoid() + x.softplus()).sum() },
        { "roots", x => (x.sqrt() + x.rsqrt() + x.log() + x.reciprocal()).mean() },
        { "clamp and extremes", x => (x.clamp(0.4, 0.9) + maximum(x, 1 - x) + x.relu() + (x - 0.5).abs()).sum() },
        { "softmax", x => (x.log_softmax(-1) * x.softmax(0)).sum() + x.logsumexp(1).sum() },
        { "spread", x => x.std() + x.var([1]).sum() + x.norm() },
        { "matrix", x => x.matmul(x.t()).square().sum() + x.t().mm(x).mean() },
        { "shapes", x => (x.view(-1).narrow(0, 1, 3) * x.flatten()[TensorIndex.Slice(0, 3)]).sum() + cat([x, 3 * x]).max() },
        { "indexing", x => x.gather(1, tensor(new long[] { 2, 0 }, [2, 1])).square().sum() + x[0, 1] * x[1].sum() },
        { "where", x => where(x > 0.6, x.square(), x).sum() },
        { "losses", x => nn.functional.mse_loss(x, full_like(x, 2)) + nn.functional.smooth_l1_loss(x, zeros_like(x), beta: 0.5)
            + nn.functional.huber_loss(x, full_like(x, -2)) + nn.functional.binary_cross_entropy_with_logits(x, full_like(x, 0.25)) },
        { "addmm", x => addmm(x.matmul(x.t()), x, x.t(), 0.5f, 2).sum() + x.lerp(x * x, full_like(x, 0.3)).sum() },
        { "addcmul", x => (x.addcmul(x, x, 0.5) + x.addcdiv(x, x + 1, 2)).sum() },
        { "cumsum", x => (x.cumsum(1) * x).sum() + x.prod() },
    };

    [Theory, MemberData(nameof(Functions))]
    public void Gradients_equal_finite_differences(string name, Func<Tensor, Tensor> function)
    {
        double[] start = [0.31, 0.52, 0.77, 1.13, 0.68, 0.25];
        var x = tensor(start, [2, 3]).requires_grad_();
        function(x).backward();
        var gradient = x.grad!.Doubles();
        const double Step = 1e-6;
        for (var i = 0; i < start.Length; i++)
        {
            double At(double offset)
            {
                var moved = (double[])start.Clone();
                moved[i] += offset;
                return function(tensor(moved, [2, 3])).ToDouble();
            }

            var difference = (At(Step) - At(-Step)) / (2 * Step);
            Assert.True(Math.Abs(difference - gradient[i]) < 1e-6, $"{name}, element {i}: {difference} against {gradient[i]}");
        }
    }

    [Fact]
    public void Gradients_accumulate_until_they_are_removed()
    {
        var x = tensor(new[] { 1.0, 2.0 }).requires_grad_();
        Assert.Null(x.grad);
        (x * x).sum().backward();
        (x * x).sum().backward();
        Assert.Equal([4, 8], x.grad!.Doubles());
        x.grad = null;
        Assert.Null(x.grad);
    }

    [Fact]
    public void A_preset_gradient_is_added_to_in_place()
    {
        var buffer = tensor(new[] { 10.0, 20.0, 30.0 });
        var x = tensor(new[] { 1.0, 2.0 }).requires_grad_();
        x.grad = buffer.narrow(0, 1, 2);
        (3 * x).sum().backward();
        Assert.Equal([10, 23, 33], buffer.Doubles());
    }

    [Fact]
    public void Grad_differentiates_without_touching_the_leaves()
    {
        var x = tensor(2.0).requires_grad_();
        var y = tensor(3.0).requires_grad_();
        var first = autograd.grad([x * x * y], [x, y], create_graph: true);
        Assert.Equal((12, 4), (first[0].ToDouble(), first[1].ToDouble()));
        Assert.Equal(6, autograd.grad([first[0]], [x])[0].ToDouble());
        Assert.Null(x.grad);
        Assert.Null(autograd.grad([x * 1], [y], allow_unused: true)[0]);
    }

    [Fact]
    public void Backward_of_a_vector_takes_weights()
    {
        var x = tensor(new[] { 1.0, 2.0 }).requires_grad_();
        (x * x).backward([tensor(new[] { 1.0, 10.0 })]);
        Assert.Equal([2, 40], x.grad!.Doubles());
        var y = tensor(1.0).requires_grad_();
        autograd.backward([(x * y).sum()], inputs: [y]);
        Assert.Equal([2, 40], x.grad!.Doubles());
        Assert.Equal(3, y.grad!.ToDouble());
    }

    [Fact]
    public void Modes_last_until_they_are_disposed()
    {
        var x = tensor(1.0).requires_grad_();
        using (no_grad())
        {
            Assert.False((x * 2).requires_grad);
            using (enable_grad())
            {
                Assert.True((x * 2).requires_grad);
            }

            Assert.False(is_grad_enabled());
        }

        Assert.True(is_grad_enabled());
        using (inference_mode())
        {
            Assert.True(is_inference_mode_enabled());
            Assert.False((x * 2).requires_grad);
        }

        Assert.False(is_inference_mode_enabled());
        Assert.False((x * 2).detach().requires_grad);
        Assert.True(x.is_leaf);
        Assert.False((x * 2).is_leaf);
    }

    [Fact]
    public void Modes_belong_to_their_thread()
    {
        using var recording = no_grad();
        var enabled = false;
        var other = new Thread(() => enabled = is_grad_enabled());
        other.Start();
        other.Join();
        Assert.True(enabled);
    }
}
