using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class OptimizerTests : IDisposable
{
    private static readonly double[] _start = [1, -2, 0.5];
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Adam_follows_its_formula()
    {
        using var parameter = Start();
        using var adam = optim.Adam([parameter], lr: 0.1, beta1: 0.8, beta2: 0.9, eps: 1e-3, weight_decay: 0.01);
        double[] p = [.. _start], m = new double[3], v = new double[3];
        for (var t = 1; t <= 4; t++)
        {
            Step(adam, parameter);
            for (var i = 0; i < 3; i++)
            {
                var g = Slope(p[i]) + 0.01 * p[i];
                m[i] = 0.8 * m[i] + 0.2 * g;
                v[i] = 0.9 * v[i] + 0.1 * g * g;
                p[i] -= 0.1 * m[i] / (1 - Math.Pow(0.8, t)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.9, t))) + 1e-3);
            }

            Setup.Near(p, parameter, 1e-12);
        }

        var state = (Modules.Adam.State)adam.state_dict().State[0];
        Assert.Equal(4, state.step);
        Setup.Near(m, state.exp_avg, 1e-12);
        Setup.Near(v, state.exp_avg_sq, 1e-12);
    }

    [Fact]
    public void Amsgrad_divides_by_the_largest_second_moment()
    {
        using var parameter = Start();
        using var adam = optim.Adam([parameter], lr: 0.1, beta1: 0, beta2: 0.5, amsgrad: true, maximize: true);
        double[] p = [.. _start], v = new double[3], largest = new double[3];
        for (var t = 1; t <= 3; t++)
        {
            Step(adam, parameter);
            for (var i = 0; i < 3; i++)
            {
                var g = -Slope(p[i]);
                v[i] = 0.5 * v[i] + 0.5 * g * g;
                largest[i] = Math.Max(largest[i], v[i]);
                p[i] -= 0.1 * g / (Math.Sqrt(largest[i] / (1 - Math.Pow(0.5, t))) + 1e-8);
            }

            Setup.Near(p, parameter, 1e-12);
        }
    }

    [Theory]
    [InlineData(0.0, false)]
    [InlineData(0.9, false)]
    [InlineData(0.9, true)]
    public void Rmsprop_follows_its_formula(double momentum, bool centered)
    {
        using var parameter = Start();
        using var rmsprop = optim.RMSProp(
            [parameter], lr: 0.05, alpha: 0.7, eps: 1e-2, weight_decay: 0.1, momentum: momentum, centered: centered);
        double[] p = [.. _start], v = new double[3], mean = new double[3], velocity = new double[3];
        for (var t = 1; t <= 4; t++)
        {
            Step(rmsprop, parameter);
            for (var i = 0; i < 3; i++)
            {
                var g = Slope(p[i]) + 0.1 * p[i];
                v[i] = 0.7 * v[i] + 0.3 * g * g;
                mean[i] = 0.7 * mean[i] + 0.3 * g;
                var change = g / (Math.Sqrt(v[i] - (centered ? mean[i] * mean[i] : 0)) + 1e-2);
                velocity[i] = momentum * velocity[i] + change;
                p[i] -= 0.05 * velocity[i];
            }

            Setup.Near(p, parameter, 1e-12);
        }
    }

    [Theory]
    [InlineData(0.0, 0.0, false)]
    [InlineData(0.9, 0.0, false)]
    [InlineData(0.9, 0.5, false)]
    [InlineData(0.9, 0.0, true)]
    public void Sgd_follows_its_formula(double momentum, double dampening, bool nesterov)
    {
        using var parameter = Start();
        using var sgd = optim.SGD([parameter], learningRate: 0.1, momentum: momentum, dampening: dampening, nesterov: nesterov);
        double[] p = [.. _start], velocity = new double[3];
        for (var t = 1; t <= 4; t++)
        {
            Step(sgd, parameter);
            for (var i = 0; i < 3; i++)
            {
                var g = Slope(p[i]);
                velocity[i] = t == 1 ? g : momentum * velocity[i] + (1 - dampening) * g;
                p[i] -= 0.1 * (momentum == 0 ? g : nesterov ? g + momentum * velocity[i] : velocity[i]);
            }

            Setup.Near(p, parameter, 1e-12);
        }
    }

    [Fact]
    public void The_learning_rate_of_a_group_takes_effect_at_the_next_step()
    {
        using var parameter = Start();
        using var sgd = optim.SGD([parameter], learningRate: 0.1);
        foreach (var group in sgd.ParamGroups)
        {
            Assert.Equal(0.1, group.InitialLearningRate);
            group.LearningRate = 1;
        }

        Step(sgd, parameter);
        Setup.Near([.. _start.Select(p => p - Slope(p))], parameter, 1e-12);
    }

    [Fact]
    public void Groups_keep_their_own_options()
    {
        using var slow = Start();
        using var fast = Start();
        using var adam = optim.Adam(
            [new Modules.Adam.ParamGroup([slow], lr: 0.001), new Modules.Adam.ParamGroup { Parameters = [fast] }], lr: 0.1);
        Assert.Equal([0.001, 0.1], adam.ParamGroups.Select(group => group.LearningRate));
        Assert.Equal(2, adam.parameters().Count());
        (slow.square().sum() + fast.square().sum()).backward();
        adam.step();
        Setup.Near([.. _start.Select(p => p - 0.001 * Math.Sign(p))], slow, 1e-6);
        Setup.Near([.. _start.Select(p => p - 0.1 * Math.Sign(p))], fast, 1e-6);
    }

    [Fact]
    public void A_restored_optimiser_goes_on_as_the_saved_one()
    {
        using var saved = Start();
        using var restored = Start();
        using var first = optim.Adam([saved], lr: 0.1);
        using var second = optim.Adam([restored], lr: 0.5);
        Step(first, saved);
        Step(first, saved);
        using (no_grad())
        {
            restored.copy_(saved);
        }

        second.load_state_dict(first.state_dict());
        Step(first, saved);
        Step(second, restored);
        Assert.True(saved.Equals(restored));
    }

    [Fact]
    public void A_parameter_without_a_gradient_stays()
    {
        using var parameter = Start();
        using var adam = optim.Adam([parameter]);
        Assert.Null(adam.step());
        Assert.Equal(3, adam.step(() => (parameter * 0).sum() + 3)!.ToDouble());
        Setup.Near(_start, parameter, 0);
    }

    [Fact]
    public void Clipping_scales_all_gradients_by_their_common_norm()
    {
        using var a = nn.Parameter(zeros(1, float64));
        using var b = nn.Parameter(zeros(1, float64));
        using var unused = nn.Parameter(zeros(1, float64));
        (3 * a + 4 * b).sum().backward();
        Assert.Equal(5, nn.utils.clip_grad_norm_([a, b, unused], 2.5), 12);
        Assert.Equal((1.5, 2.0), (Math.Round(a.grad!.ToDouble(), 5), Math.Round(b.grad!.ToDouble(), 5)));
        Assert.Equal(2.5, nn.utils.clip_grad_norm_([a, b], 100), 5);
        Assert.Equal(1.5, a.grad!.ToDouble(), 5);
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        using var parameter = Start();
        var rate = Assert.Throws<ArgumentException>(() => optim.Adam([parameter], lr: -1));
        Assert.Contains("lr: -1 is out of range", rate.Message, StringComparison.Ordinal);
        var decay = Assert.Throws<ArgumentException>(() => optim.Adam([parameter], beta1: 1));
        Assert.Contains("beta1: 1 is out of range", decay.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => optim.SGD([parameter], 0.1, nesterov: true));
    }

    private static Modules.Parameter Start() => nn.Parameter(tensor(_start));

    /// <summary>d/dp of p^2 + p^3 / 3.</summary>
    private static double Slope(double p) => 2 * p + p * p;

    private static void Step(optim.Optimizer optimizer, Modules.Parameter parameter)
    {
        optimizer.zero_grad();
        (parameter.square() + parameter.pow(3) / 3).sum().backward();
        optimizer.step();
    }
}
