using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Rapid.Agents;
using Rapid.Core;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Policies.Tests;

public sealed class PolicyLayoutTests
{
    [Fact]
    public void Two_towers_of_a_gaussian_policy_lie_in_the_documented_order()
    {
        var layout = Networks.Layout(17, 6, discrete: false);
        (string, int[], int)[] expected =
        [
            ("body.0.weight", [2, 64, 17], 0),
            ("body.0.bias", [2, 64], 2176),
            ("body.1.weight", [2, 64, 64], 2304),
            ("body.1.bias", [2, 64], 10496),
            ("policy.weight", [6, 64], 10624),
            ("policy.bias", [6], 11008),
            ("value.weight", [1, 64], 11014),
            ("value.bias", [1], 11078),
            ("policy.log_std", [6], 11079),
        ];

        Assert.Equal(expected.Length, layout.Parameters.Count);
        foreach (var ((name, shape, offset), slice) in expected.Zip(layout.Parameters))
        {
            Assert.Equal((name, offset), (slice.Name, slice.Offset));
            Assert.Equal(shape, slice.Shape);
            Assert.Same(slice, layout[name]);
        }

        Assert.Equal(11085, layout.Length);
        Assert.Equal((2, 17, 6, 6, 64), (layout.Towers, layout.ObservationSize, layout.ActionSize, layout.Outputs, layout.Features));
    }

    [Fact]
    public void A_shared_body_of_a_categorical_policy_has_one_tower_and_no_deviation()
    {
        var layout = Networks.Layout(4, 2, discrete: true, new NetworkOptions { Shared = true, HiddenSizes = [5, 3] });

        Assert.Equal(
            ["body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "policy.weight", "policy.bias", "value.weight", "value.bias"],
            layout.Parameters.Select(slice => slice.Name));
        Assert.Equal(20 + 5 + 15 + 3 + 6 + 2 + 3 + 1, layout.Length);
        Assert.Equal((1, 1, 2, 3), (layout.Towers, layout.ActionSize, layout.Outputs, layout.Features));
    }

    [Fact]
    public void Blocks_fill_the_buffer_without_gaps_whatever_the_network() => Prop.ForAll(Shapes(), shape =>
    {
        var layout = shape.Layout();
        var next = 0;
        foreach (var slice in layout.Parameters)
        {
            Assert.Equal(next, slice.Offset);
            Assert.Equal(slice.Shape.Aggregate(1, (product, size) => product * size), slice.Length);
            next += slice.Length;
        }

        Assert.Equal(next, layout.Length);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Graphs_are_equal_exactly_when_networks_are() => Prop.ForAll(Shapes(), Shapes(), (left, right) =>
    {
        Assert.Equal(left.ToString() == right.ToString(), left.Layout().Graph.Equals(right.Layout().Graph));
        Assert.Equal(left.Layout().Graph, left.Layout().Graph);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_single_change_of_the_network_changes_the_graph()
    {
        PolicyLayout[] layouts =
        [
            Networks.Layout(8, 4, discrete: false),
            Networks.Layout(9, 4, discrete: false),
            Networks.Layout(8, 5, discrete: false),
            Networks.Layout(8, 4, discrete: true),
            Networks.Layout(8, 4, discrete: false, new NetworkOptions { Shared = true }),
            Networks.Layout(8, 4, discrete: false, new NetworkOptions { Activation = Activation.Relu }),
            Networks.Layout(8, 4, discrete: false, new NetworkOptions { HiddenSizes = [64] }),
            Networks.Layout(8, 4, discrete: false, new NetworkOptions { HiddenSizes = [64, 64, 64] }),
            Networks.Layout(8, 4, discrete: false, new NetworkOptions { HiddenSizes = [64, 63] }),
            Networks.Layout(8, 4, discrete: false, new NetworkOptions { HiddenSizes = [63, 64] }),
            Networks.Layout(8, 4, discrete: false, new NetworkOptions { HiddenSizes = [] }),
        ];

        Assert.Equal(layouts.Length, layouts.Select(layout => layout.Graph).Distinct().Count());
    }

    [Fact]
    public void How_weights_start_is_not_part_of_the_graph()
    {
        var other = new NetworkOptions
        {
            Initialization = Initialization.XavierUniform,
            HiddenGain = 3,
            PolicyGain = 2,
            ValueGain = 0.1,
            InitialLogStd = -1,
        };

        Assert.Equal(Networks.Layout(8, 4, discrete: false).Graph, Networks.Layout(8, 4, discrete: false, other).Graph);
    }

    [Fact]
    public void An_unknown_block_is_an_error_that_names_the_known_ones()
    {
        var error = Assert.Throws<KeyNotFoundException>(() => Networks.Layout(3, 2, discrete: true)["policy.log_std"]);

        Assert.Contains("policy.log_std", error.Message, StringComparison.Ordinal);
        Assert.Contains("body.0.weight, body.0.bias", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Observations_that_are_not_a_box_are_an_error()
    {
        var options = SpecReader.ReadYaml("environment: { name: CartPole-v1 }");

        var error = Assert.Throws<ArgumentException>(() => ExperimentPolicy.LayoutOf(options, new DiscreteSpace(3), new DiscreteSpace(2)));

        Assert.Contains("discrete 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_fits_or_the_problem_says_what_differs()
    {
        var layout = Networks.Layout(3, 2, discrete: true);
        var parameters = ByteString.CopyFrom(new byte[layout.Length * 4]);
        var snapshot = new PolicySnapshot { Version = 7, Graph = layout.Graph, Parameters = parameters };
        Assert.Null(layout.Problem(snapshot));

        var other = snapshot.Clone();
        other.Graph = Networks.Layout(3, 5, discrete: true).Graph;
        Assert.Equal(
            $"policy version 7 is of the network {other.Graph}, this experiment's is {layout.Graph}",
            layout.Problem(other));
        other.Graph = null;
        Assert.StartsWith("policy version 7 is of the network that it does not say", layout.Problem(other), StringComparison.Ordinal);

        var truncated = snapshot.Clone();
        truncated.Parameters = ByteString.CopyFrom(new byte[layout.Length * 4 - 1]);
        Assert.Contains($"{layout.Length * 4 - 1} bytes", layout.Problem(truncated), StringComparison.Ordinal);

        var normalized = snapshot.Clone();
        normalized.ObservationNormalizer = new NormalizerState { Count = 1, Mean = { 1, 2, 3 }, Variance = { 1, 2 } };
        Assert.Contains("3 means and 2 variances", layout.Problem(normalized), StringComparison.Ordinal);
    }

    private static Arbitrary<Shape> Shapes() => Arb.From(
        from observations in Gen.Choose(1, 3)
        from outputs in Gen.Choose(1, 3)
        from discrete in Gen.Elements(true, false)
        from shared in Gen.Elements(true, false)
        from relu in Gen.Elements(true, false)
        from hidden in Gen.ListOf(Gen.Choose(1, 2), 2)
        select new Shape(observations, outputs, discrete, shared, relu, string.Join(',', hidden)));

    private sealed record Shape(int Observations, int Outputs, bool Discrete, bool Shared, bool Relu, string Hidden)
    {
        public PolicyLayout Layout() => Networks.Layout(Observations, Outputs, Discrete, new NetworkOptions
        {
            Shared = Shared,
            Activation = Relu ? Activation.Relu : Activation.Tanh,
            HiddenSizes = [.. Hidden.Split(',').Select(int.Parse)],
        });
    }
}
