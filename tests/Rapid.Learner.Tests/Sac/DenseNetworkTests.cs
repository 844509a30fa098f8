using Rapid.Agents.Networks;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies.Kernels;
using Rapid.Protocol.Specs;
using TorchSharp;

namespace Rapid.Learner.Tests.OffPolicy;

public sealed class DenseNetworkTests
{
    private static readonly Func<DenseShape, int, DenseNetwork>[] _implementations =
    [
        (shape, rows) => new TensorDenseNetwork(shape, rows, torch.CPU),
        (shape, rows) => new HostDenseNetwork(shape, rows, TileKernel.Wide),
        (shape, rows) => new HostDenseNetwork(shape, rows, TileKernel.Middle),
        (shape, rows) => new HostDenseNetwork(shape, rows, TileKernel.Narrow),
    ];

    public static TheoryData<int> Implementations() => [.. Enumerable.Range(0, _implementations.Length)];

    public static TheoryData<int, int, Activation> Variants()
    {
        var data = new TheoryData<int, int, Activation>();
        for (var i = 0; i < _implementations.Length; i++)
        {
            data.Add(i, 1, Activation.Relu);
            data.Add(i, 2, Activation.Relu);
            data.Add(i, 2, Activation.Tanh);
        }

        return data;
    }

    [Theory, MemberData(nameof(Variants))]
    public void Values_and_gradients_are_those_of_autograd(int implementation, int networks, Activation activation)
    {
        using var scope = torch.NewDisposeScope();
        var shape = new DenseShape(networks, 7, [33, 19], 3, activation);
        using var network = _implementations[implementation](shape, 5);
        using var weights = new DenseWeights(shape, torch.CPU);
        using var gradients = new DenseWeights(shape, torch.CPU);
        var options = new NetworkOptions { Initialization = Initialization.UniformFanIn, HiddenGain = 2, ValueGain = 1 };
        weights.Set(DenseWeights.Initialize(shape, options, new RandomStream(1)));
        var input = torch.randn(5, 7);
        var outputGradient = torch.randn(networks, 5, 3);
        var inputGradient = torch.zeros(5, 4);

        torch.Tensor output;
        using (torch.no_grad())
        {
            output = network.Forward(weights, input).clone();
            network.OutputGradient.copy_(outputGradient);
            network.Backward(weights, gradients, firstInput: 2, inputGradient);
        }

        var leaf = weights.Flat.clone().requires_grad_();
        var x = input.clone().requires_grad_();
        var expected = Reference(shape, leaf, x);
        (expected * outputGradient).sum().backward();
        Sacs.AssertClose(TensorMemory.Floats(expected.detach().contiguous()), TensorMemory.Floats(output), 1e-5);
        Sacs.AssertClose(TensorMemory.Floats(leaf.grad!), TensorMemory.Floats(gradients.Flat), 1e-5);
        Sacs.AssertClose(TensorMemory.Floats(x.grad!.narrow(1, 2, 4).contiguous()), TensorMemory.Floats(inputGradient), 1e-5);
    }

    [Theory, MemberData(nameof(Variants))]
    public void Gradients_of_inputs_alone_are_those_of_autograd(int implementation, int networks, Activation activation)
    {
        // Most output gradients are zero, as under a minimum; each pass has other rows than the one before.
        using var scope = torch.NewDisposeScope();
        var shape = new DenseShape(networks, 7, [33, 19], 1, activation);
        using var network = _implementations[implementation](shape, 9);
        using var weights = new DenseWeights(shape, torch.CPU);
        weights.Flat.normal_(0, 0.5);
        for (var pass = 0; pass < 3; pass++)
        {
            var input = torch.randn(9, 7);
            var outputGradient = torch.randn(networks, 9, 1).clamp(0.3, 9) - 0.3;
            var inputGradient = torch.randn(9, 3);
            using (torch.no_grad())
            {
                network.Forward(weights, input);
                network.OutputGradient.copy_(outputGradient);
                network.Backward(weights, null, firstInput: 4, inputGradient);
            }

            var x = input.clone().requires_grad_();
            (Reference(shape, weights.Flat, x) * outputGradient).sum().backward();
            Sacs.AssertClose(TensorMemory.Floats(x.grad!.narrow(1, 4, 3).contiguous()), TensorMemory.Floats(inputGradient), 1e-5);
        }
    }

    [Theory, MemberData(nameof(Variants))]
    public void A_row_that_is_not_a_number_reaches_its_outputs_and_every_gradient(int implementation, int networks, Activation activation)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var shape = new DenseShape(networks, 3, [9, 6], 2, activation);
        using var network = _implementations[implementation](shape, 5);
        using var weights = new DenseWeights(shape, torch.CPU);
        using var gradients = new DenseWeights(shape, torch.CPU);
        weights.Flat.normal_(0, 0.5);
        var input = torch.randn(5, 3);
        TensorMemory.Floats(input)[2 * 3 + 1] = float.NaN;
        var inputGradient = torch.zeros(5, 3);

        var output = network.Forward(weights, input);
        for (var i = 0; i < output.numel(); i++)
        {
            Assert.Equal(i / 2 % 5 == 2, float.IsNaN(TensorMemory.Floats(output)[i]));
        }

        network.OutputGradient.fill_(1);
        network.Backward(weights, gradients, firstInput: 0, inputGradient);
        Assert.True(float.IsNaN(gradients.Flat.dot(gradients.Flat).ToSingle()));
        network.OutputGradient.fill_(1);
        network.Forward(weights, input);
        network.Backward(weights, null, firstInput: 0, inputGradient);
        Assert.All(Enumerable.Range(0, 5), row => Assert.Equal(row == 2, float.IsNaN(TensorMemory.Floats(inputGradient)[row * 3])));
    }

    [Theory, MemberData(nameof(Implementations))]
    public void Gradients_that_are_not_asked_for_are_not_touched(int implementation)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var shape = new DenseShape(2, 3, [4], 1, Activation.Relu);
        using var network = _implementations[implementation](shape, 2);
        using var weights = new DenseWeights(shape, torch.CPU);
        weights.Flat.fill_(0.5f);
        var before = weights.Flat.clone();
        var inputGradient = torch.zeros(2, 1);

        network.Forward(weights, torch.ones(2, 3));
        network.OutputGradient.fill_(1);
        network.Backward(weights, null, firstInput: 1, inputGradient);

        Sacs.AssertClose(TensorMemory.Floats(before), TensorMemory.Floats(weights.Flat), 0);
        // Two networks, four open units: 2 * 4 * 0.5 * 0.5.
        Sacs.AssertClose([2, 2], TensorMemory.Floats(inputGradient), 1e-6);
    }

    [Fact]
    public void Default_initialisation_is_uniform_within_the_inverse_root_of_inputs_biases_too()
    {
        var shape = new DenseShape(2, 16, [64], 1, Activation.Relu);
        var network = new NetworkOptions { Initialization = Initialization.UniformFanIn, HiddenGain = 1, ValueGain = 1 };

        var values = DenseWeights.Initialize(shape, network, new RandomStream(5));

        var first = values.AsSpan(0, 2 * 64 * 16 + 2 * 64);
        Assert.InRange(first.ToArray().Max(Math.Abs), 0.24, 0.25);
        Assert.Equal(0.25 * 0.25 / 3, first.ToArray().Average(value => value * value), 0.002);
        Assert.All(values[first.Length..], value => Assert.InRange(Math.Abs(value), 0, 0.125));
        Assert.DoesNotContain(0f, values);
    }

    private static torch.Tensor Reference(DenseShape shape, torch.Tensor flat, torch.Tensor input)
    {
        var outputs = new List<torch.Tensor>();
        for (var g = 0; g < shape.Networks; g++)
        {
            var (x, offset) = (input, 0L);
            for (var layer = 0; layer < shape.Layers; layer++)
            {
                var (width, inputs) = (shape.Width(layer), shape.InputsOf(layer));
                var weight = flat.narrow(0, offset + (long)g * width * inputs, (long)width * inputs).view(width, inputs);
                offset += (long)shape.Networks * width * inputs;
                var bias = flat.narrow(0, offset + (long)g * width, width);
                offset += (long)shape.Networks * width;
                x = torch.nn.functional.linear(x, weight, bias);
                x = layer == shape.Layers - 1 ? x : shape.Activation == Activation.Tanh ? x.tanh() : x.relu();
            }

            outputs.Add(x);
        }

        return torch.stack(outputs);
    }
}
