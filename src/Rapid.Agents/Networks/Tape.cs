using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>
/// What leads from parameters to a loss, where the passes of networks are computed by hand and everything between them by autograd (Wengert 1964). A
/// pass gives its outputs to autograd as leaves and records how the gradients that arrive there go on; <see cref="Backward"/> takes the gradient of a
/// loss through them all, last pass first. Nothing is recorded while gradients are off.
/// </summary>
/// <remarks>
/// TorchSharp's own functions for autograd are no way to do this: native code reads the gradients that they return by bare addresses, after nothing
/// holds the tensors any more; an exception in one ends the process; and their call costs more than a pass of a small network.
/// </remarks>
internal sealed class Tape
{
    private readonly List<(object Pass, Action Backward)> _passes = [];

    /// <summary>A leaf for autograd in the memory of a pass' output, whose gradient arrives in the memory given for it.</summary>
    /// <param name="output">Of any shape.</param>
    /// <param name="gradient">Of this shape; gradients are added to it.</param>
    public static Tensor Leaf(Tensor output, Tensor gradient)
    {
        var leaf = output.detach();
        leaf.requires_grad = true;
        leaf.grad = gradient;
        return leaf;
    }

    /// <summary>Takes a gradient that a pass has computed on to what made its input: another pass, whose leaf that is, or autograd.</summary>
    /// <param name="input">As autograd knows it.</param>
    /// <param name="gradient">Of its shape.</param>
    public static void PassOn(Tensor input, Tensor gradient)
    {
        if (!input.is_leaf)
        {
            input.backward([gradient]);
            return;
        }

        using var arrived = input.grad!;
        arrived.add_(gradient);
    }

    /// <summary>Notes a pass, unless gradients are off. An earlier one of the same network is forgotten, as its buffers hold the new one.</summary>
    /// <param name="pass">Whose buffers.</param>
    /// <param name="backward">Takes the gradients of the outputs on to those of the inputs and parameters.</param>
    /// <param name="arriving">Gradients of the outputs; overwritten with zeros, to which a loss adds.</param>
    public void Record(object pass, Action backward, params ReadOnlySpan<Tensor> arriving)
    {
        if (is_grad_enabled())
        {
            foreach (var gradient in arriving)
            {
                gradient.zero_();
            }

            _passes.RemoveAll(earlier => ReferenceEquals(earlier.Pass, pass));
            _passes.Add((pass, backward));
        }
    }

    /// <summary>Takes the gradient of a loss through autograd and the passes behind it, and forgets them.</summary>
    /// <param name="loss">Scalar.</param>
    public void Backward(Tensor loss)
    {
        loss.backward();
        using var noGrad = no_grad();
        for (var i = _passes.Count - 1; i >= 0; i--)
        {
            _passes[i].Backward();
        }

        _passes.Clear();
    }
}
