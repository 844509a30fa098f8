using Rapid.Agents.Networks;
using Rapid.Agents.State;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Agents.Optimizers;

/// <summary>A gradient step as every on-policy algorithm takes it: backward pass, one global L2 norm over all parameters, clip, optimiser.
/// A loss whose gradient is not finite moves nothing and is counted.</summary>
/// <param name="policy">Its gradients are overwritten.</param>
/// <param name="optimizer">Of this policy's parameters; owned.</param>
/// <param name="maxNorm">Largest norm; 0 switches clipping off.</param>
public sealed class ClippedDescent(ActorCritic policy, IFlatOptimizer optimizer, double maxNorm) : IDisposable
{
    // As in PyTorch's clip_grad_norm_: keeps the scale finite.
    private const double NormEpsilon = 1e-6;

    /// <summary>Steps that were not taken because a gradient was NaN or infinite.</summary>
    public long SkippedSteps { get; private set; }

    /// <summary>Takes one step, unless the gradient is not finite.</summary>
    /// <param name="loss">Scalar.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="norm">Norm of the gradient before it was clipped.</param>
    public void Step(Tensor loss, double learningRate, out float norm)
    {
        ArgumentNullException.ThrowIfNull(loss);
        using var scope = NewDisposeScope();
        policy.Gradients.zero_();
        policy.Backward(loss);
        norm = policy.Gradients.norm().ToSingle();
        if (!float.IsFinite(norm))
        {
            SkippedSteps++;
            return;
        }

        if (maxNorm > 0 && norm > maxNorm)
        {
            policy.Gradients.mul_(maxNorm / (norm + NormEpsilon));
        }

        optimizer.Step(learningRate);
    }

    /// <summary>Visits the policy's weights, the optimiser's state and the counter.</summary>
    public void Visit(StateBag bag)
    {
        ArgumentNullException.ThrowIfNull(bag);
        bag.Visit("policy.parameters", policy.Parameters);
        SkippedSteps = bag.Visit("skipped_gradient_steps", SkippedSteps);
        optimizer.Visit(bag);
    }

    /// <inheritdoc/>
    public void Dispose() => optimizer.Dispose();
}
