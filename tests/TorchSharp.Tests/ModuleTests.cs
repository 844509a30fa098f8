using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class ModuleTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private sealed class ActorCritic : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> body;
        private readonly Modules.Parameter log_std;
        private readonly Tensor mean;

        public ActorCritic()
            : base(nameof(ActorCritic))
        {
            body = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2));
            log_std = nn.Parameter(zeros(2));
            mean = zeros(3);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => body.call(input - mean) * log_std.exp();
    }

    [Fact]
    public void Fields_become_named_components()
    {
        using var model = new ActorCritic();
        Assert.Equal(
            ["body.0.bias", "body.0.weight", "body.2.bias", "body.2.weight", "log_std"],
            model.named_parameters().Select(named => named.name).Order(StringComparer.Ordinal));
        Assert.Equal(5, model.parameters().Count());
        Assert.Equal(["mean"], model.named_buffers().Select(named => named.name));
        Assert.Equal(6, model.state_dict().Count);
        Assert.All(model.parameters(), parameter => Assert.True(parameter.requires_grad && parameter.is_leaf));
        Assert.Equal([5, 2], model.call(zeros(5, 3)).shape);
    }

    [Fact]
    public void A_state_can_be_loaded_into_another_module_of_the_same_shape()
    {
        using var source = new ActorCritic();
        using var target = new ActorCritic();
        var input = rand(4, 3);
        Assert.False(source.call(input).Equals(target.call(input)));
        target.load_state_dict(source.state_dict());
        Assert.True(source.call(input).Equals(target.call(input)));

        var state = source.state_dict();
        state.Remove("log_std");
        state["other"] = zeros(1);
        var error = Assert.Throws<InvalidOperationException>(() => target.load_state_dict(state));
        Assert.Contains("log_std", error.Message, StringComparison.Ordinal);
        var (missing, unexpected) = target.load_state_dict(state, strict: false);
        Assert.Equal(["log_std"], missing);
        Assert.Equal(["other"], unexpected);
    }

    [Fact]
    public void Modes_reach_the_modules_below()
    {
        using var model = new ActorCritic();
        model.eval();
        Assert.All(model.modules(), module => Assert.False(module.training));
        model.train();
        Assert.True(model.training && model.modules().All(module => module.training));
    }

    [Fact]
    public void Disposing_a_module_disposes_its_parameters()
    {
        var before = Tensor.TotalCount;
        var model = new ActorCritic();
        var parameters = model.parameters().ToArray();
        model.Dispose();
        Assert.All(parameters, parameter => Assert.True(parameter.IsInvalid));
        Assert.True(Tensor.TotalCount <= before);
    }

    [Fact]
    public void Zero_grad_removes_gradients_or_zeroes_them()
    {
        using var layer = nn.Linear(2, 1);
        layer.call(ones(1, 2)).sum().backward();
        layer.zero_grad(set_to_none: false);
        Assert.Equal([0, 0], layer.weight.grad!.Floats());
        layer.zero_grad();
        Assert.Null(layer.weight.grad);
    }

    [Fact]
    public void Conv2d_matches_a_hand_computed_correlation()
    {
        using var layer = nn.Conv2d(1, 1, 2, stride: 1, bias: true);
        using (no_grad())
        {
            layer.weight.copy_(tensor(new float[] { 1, 2, 3, 4 }).view(1, 1, 2, 2));
            layer.bias!.fill_(10);
        }

        var image = arange(9, float32).view(1, 1, 3, 3);
        Assert.Equal([37, 47, 67, 77], layer.call(image).Floats());
        Assert.Equal([1, 1, 2, 2], layer.call(image).shape);
        using var wide = nn.Conv2d(1, 2, 3, stride: 2, padding: 1);
        Assert.Equal([1, 2, 2, 2], wide.call(image).shape);
    }

    [Fact]
    public void Layers_start_within_their_bound()
    {
        using var layer = nn.Linear(16, 8);
        Assert.InRange(layer.weight.abs().max().ToDouble(), 0.15, 0.25);
        Assert.InRange(layer.bias!.abs().max().ToDouble(), 0, 0.25);
    }

    [Fact]
    public void Orthogonal_initialisation_gives_orthonormal_rows_times_the_gain()
    {
        using var recording = no_grad();
        var weight = nn.init.orthogonal_(zeros(3, 5, float64), 2);
        Assert.True(weight.matmul(weight.T).allclose(eye(3, dtype: float64) * 4, atol: 1e-5));
        Assert.InRange(nn.init.xavier_uniform_(zeros(10, 10)).abs().max().ToDouble(), 0.4, Math.Sqrt(0.3));
        Assert.Equal(3, nn.init.constant_(zeros(2), 3).mean().ToDouble());
    }

    [Fact]
    public void Losses_match_hand_computed_values()
    {
        var input = tensor(new[] { 0.0, 2.0 });
        var target = tensor(new[] { 1.0, -1.0 });
        Assert.Equal(5, nn.functional.mse_loss(input, target).ToDouble());
        Assert.Equal(10, nn.functional.mse_loss(input, target, nn.Reduction.Sum).ToDouble());
        Assert.Equal([1, 9], nn.functional.mse_loss(input, target, nn.Reduction.None).Doubles());
        Assert.Equal(1.5, nn.functional.smooth_l1_loss(input, target).ToDouble());
        Assert.Equal((0.5 + 2.5) / 2, nn.functional.huber_loss(input, target).ToDouble());
        Assert.Equal(
            (Math.Log(2) + 0.5 * (2 + Math.Log(1 + Math.Exp(-2))) + 0.5 * Math.Log(1 + Math.Exp(-2))) / 2,
            nn.functional.binary_cross_entropy_with_logits(input, tensor(new[] { 1.0, 0.5 })).ToDouble(), 12);
        Assert.Equal(
            Math.Log(1 + Math.Exp(2)), nn.functional.cross_entropy(input.unsqueeze(0), tensor(new long[] { 0 })).ToDouble(), 12);
    }
}
