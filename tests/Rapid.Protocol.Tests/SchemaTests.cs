using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Rapid.Agents;
using Rapid.Protocol.Specs;
using Rapid.Specs;

namespace Rapid.Protocol.Tests;

/// <summary>The JSON Schema of a spec, with a validator that knows nothing of Rapid.</summary>
public class SchemaTests
{
    private static readonly JsonSchema Spec = JsonSchema.FromText(SpecSchema.OfSpec().ToJsonString());

    public static TheoryData<string> Algorithms() => [.. AgentRegistry.Names];

    [Fact]
    public void Every_valid_spec_is_valid_by_the_schema()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var json = SpecWriter.ToJson(RandomOptions.Make(new Random(seed)));
            Assert.True(IsValid(json), json.ToJsonString());
        }
    }

    [Fact]
    public void A_number_just_beyond_its_limit_is_not() => Assert.All(
        OptionsTree.Leaves.Where(leaf => leaf.IsNumber && leaf.Limit is not null),
        leaf =>
        {
            foreach (var beyond in Beyond(leaf.Limit!))
            {
                var json = SpecWriter.ToJson(
                    Presets.Default(Environments.Registry.EnvironmentRegistry.Find("CartPole-v1")!, OptionsTree.AlgorithmOf(leaf.Path)));
                var names = leaf.Path.Split('.');
                names[..^1].Aggregate(json, (node, name) => node[name]!.AsObject())[names[^1]] = beyond;
                Assert.False(IsValid(json), $"{leaf.Path}: {beyond}");
            }
        });

    [Theory]
    [InlineData("""{ "environment": { "name": "CartPole-v1" } }""", true)]
    [InlineData("""{ "environment": { "name": "CartPole-v1" }, "algorithm": { "clip_range": 0.1 } }""", true)]
    [InlineData("""{ "environment": { "name": "CartPole-v1" }, "algorithm": { "name": "sac", "tau": 0.1 } }""", true)]
    [InlineData("""{ "environment": { "name": "CartPole-v1" }, "algorithm": { "name": "sac", "clip_range": 0.1 } }""", false)]
    [InlineData("""{ "environment": { "name": "CartPole-v1" }, "algorithm": { "tau": 0.1 } }""", false)]
    [InlineData("""{ "environment": { "name": "CartPole-v1" }, "algorithm": { "preset": "baselines" } }""", false)]
    [InlineData("""{ "environment": { "name": "CartPole-v1" }, "algorithm": { "time_limit": "never" } }""", false)]
    [InlineData("""{ "environment": { "name": "CartPole-v1" }, "total_steps": 1.5 }""", false)]
    [InlineData("""{ "environment": { "name": "CartPole-v1" }, "network": { "hidden_sizes": [] } }""", false)]
    [InlineData("""{ "environment": { "name": "CartPole-v1" }, "stepz": 1 }""", false)]
    [InlineData("{}", false)]
    public void Fields_and_kinds_are_checked(string spec, bool isValid) => Assert.Equal(isValid, IsValid(JsonNode.Parse(spec)!));

    [Theory, MemberData(nameof(Algorithms))]
    public void An_algorithms_own_schema_has_every_option_of_it_with_its_meaning(string algorithm)
    {
        var properties = SpecSchema.OfAlgorithm(algorithm)["properties"]!.AsObject();

        Assert.Equal(
            OptionsTree.Of(algorithm).Select(leaf => leaf.Path).Where(path => path.StartsWith("algorithm.", StringComparison.Ordinal)).Order(),
            properties.Select(property => $"algorithm.{property.Key}").Order());
        Assert.All(properties, property => Assert.False(string.IsNullOrWhiteSpace((string?)property.Value!["description"])));
    }

    private static double[] Beyond(LimitAttribute limit) => limit switch
    {
        AtLeastAttribute at => [at.Minimum - 1],
        AboveAttribute above => [above.Bound],
        BetweenAttribute between => [between.MinimumIsExclusive ? between.Minimum : between.Minimum - 1, between.Maximum + 1],
        _ => throw new ArgumentException($"a single number has no limit {limit.Allowed}", nameof(limit)),
    };

    private static bool IsValid(JsonNode json)
    {
        using var document = JsonDocument.Parse(json.ToJsonString());
        return Spec.Evaluate(document.RootElement).IsValid;
    }
}
