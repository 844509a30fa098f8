using System.Text.Json.Nodes;
using Rapid.Agents.Optimizers;
using Rapid.Agents.State;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests.Optimizers;

public class FlatRmsPropTests
{
    [Theory]
    [InlineData(RmspropFlavour.Torch, 6.998e-3, 1e-6)]
    [InlineData(RmspropFlavour.Tensorflow, 2.110e-4, 1e-7)]
    public void The_first_step_has_the_check_value_of_its_flavour(RmspropFlavour flavour, double expected, double tolerance)
    {
        using var scope = NewDisposeScope();
        var (parameters, gradients) = (zeros(1), tensor(new[] { 0.3f }));
        using var optimizer = new FlatRmsProp(parameters, gradients, 0.99, 1e-5, flavour);
        optimizer.Step(7e-4);
        Assert.Equal(-expected, parameters.ToDouble(), tolerance);
    }

    [Theory]
    [InlineData(RmspropFlavour.Torch)]
    [InlineData(RmspropFlavour.Tensorflow)]
    public void Many_steps_equal_the_textbook_update(RmspropFlavour flavour)
    {
        using var scope = NewDisposeScope();
        var (parameters, gradients) = (tensor(new[] { 1f, -2, 3 }), tensor(new[] { 0.3f, -0.1f, 2 }));
        using var optimizer = new FlatRmsProp(parameters, gradients, 0.9, 1e-3, flavour);
        double[] expected = [1, -2, 3], gradient = [0.3, -0.1, 2];
        var start = flavour == RmspropFlavour.Torch ? 0 : 1;
        double[] square = [start, start, start];
        for (var t = 0; t < 20; t++)
        {
            optimizer.Step(1e-2);
            for (var i = 0; i < 3; i++)
            {
                square[i] = 0.9 * square[i] + 0.1 * gradient[i] * gradient[i];
                expected[i] -= 1e-2 * gradient[i]
                    / (flavour == RmspropFlavour.Torch ? Math.Sqrt(square[i]) + 1e-3 : Math.Sqrt(square[i] + 1e-3));
            }
        }

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(expected[i], parameters.data<float>()[i], 1e-5);
        }
    }

    [Theory]
    [InlineData(OptimizerKind.Rmsprop)]
    [InlineData(OptimizerKind.Adam)]
    public void A_restored_optimiser_goes_on_bit_for_bit(OptimizerKind kind)
    {
        using var scope = NewDisposeScope();
        var gradients = tensor(new[] { 0.3f, -0.1f });
        IFlatOptimizer Make(Tensor parameters) => kind == OptimizerKind.Adam
            ? new FlatAdam(parameters, gradients, 1e-5)
            : new FlatRmsProp(parameters, gradients, 0.99, 1e-5, RmspropFlavour.Torch);
        var (first, second) = (tensor(new[] { 1f, 2 }), tensor(new[] { 1f, 2 }));
        using var original = Make(first);
        original.Step(1e-2);
        var saved = new StateBag();
        original.Visit(saved);
        second.copy_(first);
        using var restored = Make(second);
        restored.Visit(new StateBag(saved.Tensors, JsonNode.Parse(saved.Values.ToJsonString())!.AsObject()));
        original.Step(1e-2);
        restored.Step(1e-2);
        Assert.Equal(first.data<float>().ToArray(), second.data<float>().ToArray());
    }
}
