using Rapid.Agents;
using Rapid.Agents.Networks;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Specs;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Learner.Tests;

public class ConvolutionTests
{
    private const int Rows = 70; // more than a pass without gradients takes at once

    [Fact]
    public void Convolutions_by_hand_equal_the_tensor_librarys_in_features_and_gradients()
    {
        using var scope = NewDisposeScope();
        var (layout, parameters) = Make();
        var frames = Frames(layout);
        var weights = randn(Rows, layout.Encoder!.Features);

        using var gradients = zeros_like(parameters);
        var tape = new Tape();
        using var byHand = new HostConvolutions(layout, parameters, gradients, tape);
        var features = byHand.Forward(frames);
        tape.Backward((features * weights).sum());

        var leaves = new Dictionary<string, Tensor>();
        using var byTensors = new TensorConvolutions(layout, name =>
        {
            var slice = layout[name];
            var leaf = parameters.narrow(0, slice.Offset, slice.Length).view([.. slice.Shape.Select(size => (long)size)]).detach().clone();
            leaf.requires_grad = true;
            return leaves[name] = leaf;
        });
        var expected = byTensors.Forward(frames);
        (expected * weights).sum().backward();

        AssertClose(expected.detach(), features.detach());
        foreach (var (name, leaf) in leaves)
        {
            var slice = layout[name];
            AssertClose(leaf.grad!.view(-1), gradients.narrow(0, slice.Offset, slice.Length));
        }
    }

    [Fact]
    public void A_pass_without_gradients_may_come_between_a_pass_and_its_backward_pass()
    {
        using var scope = NewDisposeScope();
        var (layout, parameters) = Make();
        var frames = Frames(layout);
        float[] Gradient(bool disturb)
        {
            using var gradients = zeros_like(parameters);
            var tape = new Tape();
            using var convolutions = new HostConvolutions(layout, parameters, gradients, tape);
            var features = convolutions.Forward(frames);
            if (disturb)
            {
                using var noGrad = no_grad();
                convolutions.Forward(255 - frames);
            }

            tape.Backward(features.sum());
            return gradients.data<float>().ToArray();
        }

        Assert.Equal(Gradient(disturb: false), Gradient(disturb: true));
    }

    private static (PolicyLayout Layout, Tensor Parameters) Make()
    {
        var options = SpecReader.ReadYaml("{ environment: { name: ALE/Duel-v5, options: { screen_size: 44 } }, algorithm: { name: ppo } }");
        var layout = ExperimentPolicy.LayoutOf(options, new FrameSpace(44, 44, 4), new DiscreteSpace(3));
        var initial = new float[layout.Length];
        Initializer.Initialize(layout, options.Network, new RandomStream(1), initial);
        return (layout, tensor(initial));
    }

    private static Tensor Frames(PolicyLayout layout)
    {
        var bytes = new byte[Rows * layout.ObservationSize];
        new Random(2).NextBytes(bytes);
        var frames = zeros(Rows, layout.ObservationSize, dtype: ScalarType.Byte);
        bytes.CopyTo(frames.bytes);
        return frames;
    }

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        var scale = Math.Max(1e-6, expected.abs().max().ToDouble());
        Assert.InRange((expected - actual).abs().max().ToDouble() / scale, 0, 1e-4);
    }
}
