using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>What on-policy algorithms ask of an actor-critic beside its forward pass.</summary>
internal static class ActorCriticEvaluation
{
    /// <summary>log pi(a|s) [B] and the mean entropy, scalar.</summary>
    /// <param name="policy">Says which distribution the head parametrises.</param>
    /// <param name="head">[B, outputs], means or logits.</param>
    /// <param name="actions">[B, act] float32, or [B, 1] int64 of a categorical policy.</param>
    public static (Tensor LogProbabilities, Tensor Entropy) Score(this ActorCritic policy, Tensor head, Tensor actions)
    {
        if (policy.LogStd is { } logStd)
        {
            return (policy.LogProbability(head, actions), DiagonalGaussian.Entropy(logStd));
        }

        var normalised = head.log_softmax(1);
        return (Categorical.LogProbability(normalised, actions), Categorical.MeanEntropy(normalised));
    }

    /// <summary>Values [rows] of observations [rows, obs] on the host, without gradients.</summary>
    public static float[] ValuesOf(this ActorCritic policy, Tensor observations)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = new float[observations.shape[0]];
        TensorMemory.CopyTo(policy.Values(observations.to(policy.Parameters.device)), values);
        return values;
    }
}
