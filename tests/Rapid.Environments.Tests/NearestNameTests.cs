using Rapid.Core;

namespace Rapid.Environments.Tests;

public class NearestNameTests
{
    [Theory]
    [InlineData("CartPole-v1", "cartpole-v1")]
    [InlineData("CartPole-v1", "CatrPole-v1")]
    [InlineData("CartPole-v1", "CartPole")]
    [InlineData(null, "Breakout")]
    [InlineData(null, "")]
    public void The_nearest_name_is_found_if_it_may_be_meant(string? expected, string given) =>
        Assert.Equal(expected, NearestName.Find(given, ["Pendulum-v1", "CartPole-v1", "Acrobot-v1"]));

    [Theory]
    [InlineData(1_000_000, 10)]
    [InlineData(8_000_000, 10)]
    [InlineData(10, 8_000_000)]
    [InlineData(8_000_000, 8_000_000)]
    public void Names_that_are_too_long_to_be_meant_cost_nothing(int given, int known)
    {
        string[] names = [new('x', known), new('y', known)];
        var name = new string('x', given);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Null(NearestName.Find(name, names));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }
}
