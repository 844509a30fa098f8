using Rapid.Benchmarks;

namespace Rapid.Fuzz.Tests;

/// <summary>Whatever arrives at a service, it answers, goes on, and keeps nothing invalid.</summary>
public sealed class ServiceFuzzTests
{
    private const int Messages = 100_000, Connections = 1000, Seed = 2;

    [Theory]
    [InlineData("replay")]
    [InlineData("learner")]
    [InlineData("evaluator")]
    [InlineData("actor")]
    public async Task Mutated_messages_neither_break_a_service_nor_get_into_it(string name)
    {
        var tally = await MessageFuzz.RunAsync(name, Messages, Seed);

        Assert.True(tally.Problems.Count == 0, string.Join('\n', tally.Problems));
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("learner")]
    [InlineData("evaluator")]
    [InlineData("actor")]
    public async Task Mutated_connections_do_not_break_a_service(string name)
    {
        var (problems, _) = await ExchangeFuzz.RunAsync(name, Connections, Seed);

        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }
}
