using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>Diagonal Gaussian with a state-independent log standard deviation; dimensions are independent, so they sum.</summary>
public static class DiagonalGaussian
{
    private static readonly double HalfLogTwoPi = 0.5 * Math.Log(2 * Math.PI);

    /// <summary>log N(a; mean, exp(log_std)^2), summed over dimensions: [B].</summary>
    /// <param name="mean">[B, act].</param>
    /// <param name="logStd">[act] or, where it differs between rows, [B, act].</param>
    /// <param name="actions">[B, act].</param>
    public static Tensor LogProbability(Tensor mean, Tensor logStd, Tensor actions)
    {
        using var scope = NewDisposeScope();
        var standardised = (actions - mean) * (-logStd).exp();
        var constant = logStd.sum(-1) + HalfLogTwoPi * mean.shape[1];
        return (standardised.square().sum(1) * -0.5 - constant).MoveToOuterDisposeScope();
    }

    /// <summary>Entropy, the same for every state: scalar.</summary>
    /// <param name="logStd">[act].</param>
    public static Tensor Entropy(Tensor logStd)
    {
        using var scope = NewDisposeScope();
        return (logStd.sum() + (HalfLogTwoPi + 0.5) * logStd.shape[0]).MoveToOuterDisposeScope();
    }

    /// <summary>KL(p || q) in closed form, sum of log(s_q / s_p) + (s_p^2 + (m_p - m_q)^2) / (2 s_q^2) - 1/2: [B].</summary>
    /// <param name="mean">[B, act], of p.</param>
    /// <param name="logStd">[act] or [B, act], of p.</param>
    /// <param name="otherMean">[B, act], of q.</param>
    /// <param name="otherLogStd">[act] or [B, act], of q.</param>
    public static Tensor Divergence(Tensor mean, Tensor logStd, Tensor otherMean, Tensor otherLogStd)
    {
        using var scope = NewDisposeScope();
        var logScale = otherLogStd - logStd;
        var distance = (mean - otherMean) * (-otherLogStd).exp();
        return (logScale + ((logScale * -2).exp() + distance.square() - 1) * 0.5).sum(1).MoveToOuterDisposeScope();
    }
}

/// <summary>Categorical distribution over logits.</summary>
public static class Categorical
{
    /// <summary>log p(a): [B].</summary>
    /// <param name="logProbabilities">[B, n], normalised.</param>
    /// <param name="actions">[B, 1], int64.</param>
    public static Tensor LogProbability(Tensor logProbabilities, Tensor actions)
    {
        using var scope = NewDisposeScope();
        return logProbabilities.gather(1, actions).view(-1).MoveToOuterDisposeScope();
    }

    /// <summary>Mean entropy over the batch: scalar.</summary>
    /// <param name="logProbabilities">[B, n], normalised.</param>
    public static Tensor MeanEntropy(Tensor logProbabilities)
    {
        using var scope = NewDisposeScope();
        return (-(logProbabilities.exp() * logProbabilities).sum(1).mean()).MoveToOuterDisposeScope();
    }

    /// <summary>KL(p || q) = sum of p (log p - log q): [B].</summary>
    /// <param name="logProbabilities">[B, n], normalised, of p.</param>
    /// <param name="otherLogProbabilities">[B, n], normalised, of q.</param>
    public static Tensor Divergence(Tensor logProbabilities, Tensor otherLogProbabilities)
    {
        using var scope = NewDisposeScope();
        return (logProbabilities.exp() * (logProbabilities - otherLogProbabilities)).sum(1).MoveToOuterDisposeScope();
    }
}
