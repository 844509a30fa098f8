using System.Text.Json.Nodes;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests;

/// <summary>What a run and its checkpoint have to agree on.</summary>
public sealed class StateBagTests
{
    [Fact]
    public void A_network_is_the_same_after_a_checkpoint_and_another_one_is_refused()
    {
        var noted = new StateBag();
        noted.Visit("graph", GraphOf(Activation.Tanh));
        var written = JsonNode.Parse(noted.Values.ToJsonString())!.AsObject();

        new StateBag(noted.Tensors, written).Visit("graph", GraphOf(Activation.Tanh));
        var error = Assert.Throws<InvalidDataException>(() => new StateBag(noted.Tensors, written).Visit("graph", GraphOf(Activation.Relu)));

        Assert.Contains("another network", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Networks of equal shapes, whose weights fit each other and mean something else.</summary>
    private static PolicyGraph GraphOf(Activation activation) => new PolicyLayout(
        BoxSpace.Unbounded(3), null, [8], activation, 1, PolicyKind.Categorical, 2, hasValueHead: true).Graph;
}
