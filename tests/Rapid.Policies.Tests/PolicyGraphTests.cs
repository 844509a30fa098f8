using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Rapid.Core;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Policies.Tests;

public sealed class PolicyGraphTests
{
    [Fact]
    public void A_gaussian_with_two_towers_says_where_its_parameters_are()
    {
        var graph = Networks.Layout(17, 6, discrete: false).Graph;

        Assert.Equal(17u, graph.Elements);
        Assert.Equal([(2u, 17u, 64u, 0u, 2176u), (2u, 64u, 64u, 2304u, 10496u)], graph.Layers.Select(
            layer => (layer.Towers, layer.Inputs, layer.Outputs, (uint)layer.WeightOffset, (uint)layer.BiasOffset)));
        Assert.Equal((10624ul, 11008ul, 11014ul), (graph.Policy.WeightOffset, graph.Policy.BiasOffset, graph.Value.WeightOffset));
        Assert.Equal((ActionDistribution.Types.Kind.Gaussian, 11079ul), (graph.Distribution.Kind, graph.Distribution.LogStdOffset));
    }

    [Fact]
    public void A_graph_is_read_back_as_its_layout_whatever_the_network() => Prop.ForAll(Layouts().ToArbitrary(), layout =>
    {
        var read = PolicyGraph.Parser.ParseFrom(layout.Graph.ToByteArray()).ToLayout();

        Assert.Equal(layout.Graph, read.Graph);
        Assert.Equal((layout.Length, layout.Kind, layout.Frames), (read.Length, read.Kind, read.Frames));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_graph_that_something_has_changed_is_refused_or_another_network() => Prop.ForAll(Changes().ToArbitrary(), example =>
    {
        var (layout, position, value) = example;
        var bytes = layout.Graph.ToByteArray();
        bytes[position % bytes.Length] = value;
        try
        {
            var graph = PolicyGraph.Parser.ParseFrom(bytes);
            Assert.Equal(graph, graph.ToLayout().Graph);
        }
        catch (Exception refused) when (refused is InvalidDataException or InvalidProtocolBufferException)
        {
            // Nothing else comes of it.
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_no_network_is_like_is_refused_in_words()
    {
        var graph = Networks.Layout(3, 2, discrete: true).Graph;
        Refused(new PolicyGraph(), "observations");
        Refused(new PolicyGraph(graph) { Elements = uint.MaxValue }, "4294967295 elements");
        Refused(new PolicyGraph(graph) { Policy = new GraphLayer(graph.Policy) { WeightOffset = 1 } }, "other shapes");
        Refused(new PolicyGraph(graph) { Value = null }, "2 towers");
        Refused(new PolicyGraph(graph) { Distribution = new ActionDistribution() }, "its distribution is Unspecified");
        Refused(new PolicyGraph(graph) { Distribution = new() { Kind = ActionDistribution.Types.Kind.Deterministic } }, "2 finite ones");

        static void Refused(PolicyGraph graph, string part) =>
            Assert.Contains(part, Assert.Throws<InvalidDataException>(graph.ToLayout).Message, StringComparison.Ordinal);
    }

    private static Gen<(PolicyLayout Layout, int Position, byte Value)> Changes() =>
        from layout in Layouts()
        from position in Gen.Choose(0, 10_000)
        from value in Gen.Choose(0, 255)
        select (layout, position, (byte)value);

    private static Gen<PolicyLayout> Layouts() =>
        from observations in Gen.Elements<Space>(
            BoxSpace.Unbounded(3), new FrameSpace(84, 84, 4), new FrameSpace(84, 40, 2, StackPadding.FirstFrame, Channels: 3))
        from actions in Gen.Elements<Space>(new DiscreteSpace(5), BoxSpace.Uniform(2, -1, 3))
        from plan in Gen.Elements(
            new PolicyPlan { HasValueHead = true }, new PolicyPlan(), new PolicyPlan { Squashing = StdParameterization.Softplus },
            new PolicyPlan { IsDeterministic = true })
        from hidden in Gen.Choose(1, 9).ListOf()
        from shared in Gen.Elements(true, false)
        from activation in Gen.Elements(Activation.Tanh, Activation.Relu)
        from encoder in Gen.Elements(Encoder.Nature, Encoder.Ppo1)
        where actions is BoxSpace || !plan.IsDeterministic
        select PolicyLayout.Create(
            plan,
            new NetworkOptions
            {
                HiddenSizes = [.. hidden],
                Shared = shared,
                Activation = activation,
                Encoder = observations is FrameSpace ? encoder : Encoder.None,
            },
            observations, actions);
}
