using Rapid.Agents.OnPolicy;
using Rapid.Protocol.Specs;

namespace Rapid.Learner.Tests;

/// <summary>gamma 0.99, lambda 0.95, r = (1, 0, 2, 1), V = (.5, .4, .3, .2), V_T = .6; "after step 2" is after the third step.</summary>
public class AdvantageEstimationTests
{
    private static readonly float[] Rewards = [1, 0, 2, 1];
    private static readonly float[] Values = [0.5f, 0.4f, 0.3f, 0.2f, 0.6f];

    [Theory]
    [InlineData(false, false, TimeLimitRule.Bootstrap, 3.637669, 2.915118, 3.209057, 1.394)]
    [InlineData(true, false, TimeLimitRule.Bootstrap, 2.302847, 1.495850, 1.7, 1.394)]
    [InlineData(false, true, TimeLimitRule.ZeroAdvantage, 0.799128, -0.103, 0, 1.394)]
    [InlineData(false, true, TimeLimitRule.Bootstrap, 2.915833, 2.147616, 2.393, 1.394)]
    [InlineData(false, true, TimeLimitRule.Terminal, 2.302847, 1.495850, 1.7, 1.394)]
    public void Advantages_equal_the_published_table(
        bool terminated, bool truncated, TimeLimitRule rule, double a0, double a1, double a2, double a3)
    {
        var (advantages, returns) = Compute(terminated, truncated, rule, lambda: 0.95);
        double[] expected = [a0, a1, a2, a3];
        for (var t = 0; t < 4; t++)
        {
            Assert.Equal(expected[t], advantages[t], 1e-5);
            Assert.Equal(expected[t] + Values[t], returns[t], 1e-5);
        }
    }

    [Fact]
    public void Lambda_one_gives_n_step_returns()
    {
        var (_, returns) = Compute(terminated: true, truncated: false, TimeLimitRule.Bootstrap, lambda: 1);
        Assert.Equal([2.9602f, 1.98f, 2.0f, 1.594f], returns, (x, y) => Math.Abs(x - y) < 1e-5);
    }

    [Fact]
    public void Environments_of_a_block_do_not_mix()
    {
        float[] rewards = [1, 10, 0, 20, 2, 30, 1, 40];
        float[] values = [0.5f, 5, 0.4f, 4, 0.3f, 3, 0.2f, 2, 0.6f, 6];
        byte[] truncated = [0, 1, 0, 0, 1, 0, 0, 0];
        var (advantages, returns) = (new float[8], new float[8]);
        AdvantageEstimation.Compute(
            rewards, values, new byte[8], truncated, [7, 0.7f], 2, 0.99, 0.95, TimeLimitRule.Bootstrap, advantages, returns);
        Assert.Equal(2.915833, advantages[0], 1e-5);
        Assert.Equal(2.393, advantages[4], 1e-5);
        Assert.Equal(10 + 0.99 * 7 - 5, advantages[1], 1e-4);
    }

    [Fact]
    public void A_block_with_too_few_or_too_many_final_values_is_refused()
    {
        foreach (var finals in new[] { 0, 2 })
        {
            Assert.Throws<ArgumentException>(() => AdvantageEstimation.Compute(
                Rewards, Values, new byte[4], [0, 0, 1, 0], new float[finals], 1, 0.99, 0.95, TimeLimitRule.Bootstrap,
                new float[4], new float[4]));
        }
    }

    private static (float[] Advantages, float[] Returns) Compute(bool terminated, bool truncated, TimeLimitRule rule, double lambda)
    {
        var (advantages, returns) = (new float[4], new float[4]);
        byte[] Flag(bool flag) => [0, 0, flag ? (byte)1 : (byte)0, 0];
        AdvantageEstimation.Compute(
            Rewards, Values, Flag(terminated), Flag(truncated), truncated ? [0.7f] : [], 1, 0.99, lambda, rule, advantages, returns);
        return (advantages, returns);
    }
}
