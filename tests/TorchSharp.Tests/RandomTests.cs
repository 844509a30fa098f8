using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class RandomTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static Tensor[] Draws() =>
    [
        rand(5), randn(2, 3), randint(0, 100, [4]), randperm(6), ones(4).multinomial(3), full(5, 0.5).bernoulli(), empty(3).normal_(),
        empty(3).uniform_(-1, 1), empty(3).exponential_(), nn.Linear(2, 2).weight,
    ];

    [Fact]
    public void The_same_seed_gives_the_same_numbers()
    {
        manual_seed(7);
        var first = Draws();
        manual_seed(7);
        Assert.All(first.Zip(Draws()), pair => Assert.True(pair.First.Equals(pair.Second)));
        Assert.False(first[0].Equals(rand(5)));
        Assert.Equal(7, manual_seed(7).initial_seed());
    }

    [Fact]
    public void A_saved_state_continues_the_stream()
    {
        manual_seed(3);
        rand(10);
        var state = get_rng_state();
        var next = rand(5);
        set_rng_state(state);
        Assert.True(next.Equals(rand(5)));
    }

    [Fact]
    public void A_generator_of_ones_own_leaves_the_default_one_alone()
    {
        manual_seed(5);
        var expected = rand(3);
        manual_seed(5);
        using var own = new Generator(11);
        var drawn = rand(3, generator: own);
        Assert.True(expected.Equals(rand(3)));
        own.manual_seed(11);
        Assert.True(drawn.Equals(rand(3, generator: own)));
    }

    [Fact]
    public void Thread_counts_are_what_was_set_and_leave_results_alone()
    {
        manual_seed(1);
        var x = rand(300, 300, float64);
        var alone = x.matmul(x).sum(dim: 0).Doubles();
        try
        {
            set_num_threads(2);
            Assert.Equal(2, get_num_threads());
            Setup.Near(alone, x.matmul(x).sum(dim: 0), 1e-8);
        }
        finally
        {
            set_num_threads(1);
        }

        Assert.Equal(1, get_num_threads());
        Assert.Equal(alone, x.matmul(x).sum(dim: 0).Doubles());
        Assert.InRange(get_num_interop_threads(), 1, 1024);
    }
}
