using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.OnPolicy;

/// <summary>Terms that several actor-critic algorithms share.</summary>
internal static class ActorCriticLosses
{
    /// <summary>Policy gradient theorem (Sutton et al. 2000): -mean(A log pi(a|s)).</summary>
    /// <param name="logProbabilities">[B].</param>
    /// <param name="weights">[B], no gradient: advantages, importance-weighted or not.</param>
    public static Tensor PolicyGradientLoss(Tensor logProbabilities, Tensor weights) => -(weights * logProbabilities).mean();

    /// <summary>Mean squared error to the returns, without the half.</summary>
    /// <param name="values">[B].</param>
    /// <param name="returns">[B].</param>
    public static Tensor ValueLoss(Tensor values, Tensor returns) => (values - returns).square().mean();

    /// <summary>What a scheduled constant is multiplied with.</summary>
    /// <param name="schedule">How it moves.</param>
    /// <param name="progress">Part of the run that is over, in [0, 1).</param>
    public static double FactorAt(this Schedule schedule, double progress) => schedule == Schedule.Linear ? Math.Max(0, 1 - progress) : 1;
}
