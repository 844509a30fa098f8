using Rapid.Protocol.Specs;

namespace Rapid.Agents.OnPolicy;

/// <summary>Generalised advantage estimation (Schulman et al. 2015, eq. 16) over blocks of [T, N] in step-major order.</summary>
public static class AdvantageEstimation
{
    /// <summary>
    /// delta_t = r_t + gamma V(s_{t+1}) - V(s_t), A_t = delta_t + gamma lambda A_{t+1}, R_t = A_t + V(s_t). A terminal step has no
    /// successor; a truncated step takes the value of its final observation, or what <paramref name="timeLimit"/> says. lambda = 1 gives
    /// n-step returns.
    /// </summary>
    /// <param name="rewards">[T, N].</param>
    /// <param name="values">[T + 1, N], the last row bootstraps.</param>
    /// <param name="terminated">[T, N], 1 when the step ended the episode for good.</param>
    /// <param name="truncated">[T, N], 1 when only a limit ended it.</param>
    /// <param name="finalValues">[K], V of the final observation of each truncated step in (step, environment) order.</param>
    /// <param name="environments">N.</param>
    /// <param name="gamma">Discount.</param>
    /// <param name="lambda">GAE's lambda.</param>
    /// <param name="timeLimit">Meaning of truncation.</param>
    /// <param name="advantages">[T, N], overwritten.</param>
    /// <param name="returns">[T, N], overwritten: the value targets.</param>
    /// <exception cref="ArgumentException">The number of final values is not the number of truncated steps.</exception>
    public static void Compute(
        ReadOnlySpan<float> rewards, ReadOnlySpan<float> values, ReadOnlySpan<byte> terminated, ReadOnlySpan<byte> truncated,
        ReadOnlySpan<float> finalValues, int environments, double gamma, double lambda, TimeLimitRule timeLimit,
        Span<float> advantages, Span<float> returns)
    {
        var remainingFinals = finalValues.Length;
        for (var i = rewards.Length - 1; i >= 0; i--)
        {
            var next = i + environments;
            var laterAdvantage = next < rewards.Length ? advantages[next] : 0;
            double nextValue = values[next], continuation = gamma * lambda * laterAdvantage;
            var isTruncated = truncated[i] != 0;
            if (isTruncated && --remainingFinals < 0)
            {
                break;
            }

            if (terminated[i] != 0 || (isTruncated && timeLimit == TimeLimitRule.Terminal))
            {
                (nextValue, continuation) = (0, 0);
            }
            else if (isTruncated)
            {
                (nextValue, continuation) = (finalValues[remainingFinals], 0);
            }

            var advantage = isTruncated && timeLimit == TimeLimitRule.ZeroAdvantage
                ? 0
                : rewards[i] + gamma * nextValue - values[i] + continuation;
            advantages[i] = (float)advantage;
            returns[i] = (float)(advantage + values[i]);
        }

        if (remainingFinals != 0)
        {
            throw new ArgumentException(
                $"{finalValues.Length} final values do not match the truncated steps of the block", nameof(finalValues));
        }
    }
}
