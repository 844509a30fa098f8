using Rapid.Agents;
using Rapid.Agents.Sac;
using Rapid.Core;
using Rapid.Protocol.Specs;

namespace Rapid.Policies.Tests;

public sealed class SquashedPolicyTests
{
    private static readonly BoxSpace Box = new([-2f, 0f], [2f, 5f]);

    [Fact]
    public void The_layout_has_means_and_deviations_and_no_value_head()
    {
        var layout = Layout(StdParameterization.TanhLogStd);

        Assert.Equal(["body.0.weight", "body.0.bias", "policy.weight", "policy.bias"], layout.Parameters.Select(slice => slice.Name));
        Assert.Equal(
            (PolicyKind.SquashedGaussian, false, 4, 2, 1),
            (layout.Kind, layout.HasValueHead, layout.Outputs, layout.ActionSize, layout.Towers));
    }

    [Fact]
    public void Whatever_changes_what_an_output_means_changes_the_hash()
    {
        PolicyLayout[] layouts =
        [
            Layout(StdParameterization.TanhLogStd),
            Layout(StdParameterization.Softplus),
            Layout(StdParameterization.TanhLogStd, new BoxSpace([-2f, 0f], [2f, 6f])),
        ];

        Assert.Equal(3, layouts.Select(layout => layout.Graph).Distinct().Count());
    }

    [Fact]
    public void An_unbounded_box_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => Layout(StdParameterization.TanhLogStd, BoxSpace.Unbounded(2)));

        Assert.Contains("finite", error.Message, StringComparison.Ordinal);
    }

    /// <summary>With weights of 0 the head is its bias, so that every sample is centre + scale * tanh(mean + std * noise).</summary>
    [Theory]
    [InlineData(StdParameterization.TanhLogStd, -0.6, 0.034)]
    [InlineData(StdParameterization.ClippedLogStd, -0.6, 0.5488116)]
    [InlineData(StdParameterization.Softplus, -0.6, 0.4374879)]
    [InlineData(StdParameterization.Softplus, -50, 0.002475685)]
    [InlineData(StdParameterization.ClippedLogStd, 50, 7.389056)]
    public void Samples_are_squashed_normals_of_the_stated_deviation(StdParameterization std, double raw, double deviation)
    {
        deviation = std == StdParameterization.TanhLogStd ? Math.Exp(-5 + 3.5 * (Math.Tanh(raw) + 1)) : deviation;
        var layout = Layout(std);
        var parameters = new float[layout.Length];
        float[] bias = [0.4f, -0.9f, (float)raw, (float)raw];
        bias.CopyTo(parameters.AsSpan(layout["policy.bias"].Offset));
        var policy = new PolicyInference(layout);
        policy.Load(parameters);
        float[] action = new float[2], mode = new float[2];

        policy.Sample(new float[3], [new RandomStream(9)], action);
        policy.ActMode(new float[3], mode);

        var noise = new RandomStream(9);
        for (var j = 0; j < 2; j++)
        {
            var (centre, scale) = ((Box.High[j] + Box.Low[j]) / 2, (Box.High[j] - Box.Low[j]) / 2);
            Assert.Equal(centre + scale * Math.Tanh(bias[j] + deviation * noise.NextNormal()), action[j], 1e-4);
            Assert.Equal(centre + scale * Math.Tanh(bias[j]), mode[j], 1e-5);
        }
    }

    [Fact]
    public void Saturated_samples_stay_in_the_box()
    {
        var layout = Layout(StdParameterization.TanhLogStd, new BoxSpace([-0.4f, -0.1f], [0.4f, 0.3f]));
        var parameters = new float[layout.Length];
        parameters.AsSpan(layout["policy.bias"].Offset, 2).Fill(40);
        var policy = new PolicyInference(layout);
        policy.Load(parameters);
        var action = new float[2];

        policy.Sample(new float[3], [new RandomStream(1)], action);

        Assert.Equal([0.4f, 0.3f], action);
    }

    [Fact]
    public void Uniform_fan_in_fills_weights_and_biases_within_the_inverse_root_of_inputs()
    {
        var layout = Layout(StdParameterization.TanhLogStd);
        var network = new NetworkOptions { Initialization = Initialization.UniformFanIn, HiddenGain = 1, PolicyGain = 1 };
        var parameters = new float[layout.Length];

        Initializer.Initialize(layout, network, new RandomStream(1), parameters);

        foreach (var (name, inputs) in new[] { ("body.0.weight", 3), ("body.0.bias", 3), ("policy.weight", 64), ("policy.bias", 64) })
        {
            var block = parameters.AsSpan(layout[name].Offset, layout[name].Length).ToArray();
            Assert.All(block, value => Assert.InRange(Math.Abs(value), 1e-9, 1 / Math.Sqrt(inputs)));
            Assert.True(block.Max(Math.Abs) > 0.5 / Math.Sqrt(inputs), name);
        }
    }

    private static PolicyLayout Layout(StdParameterization std, BoxSpace? box = null) => ExperimentPolicy.LayoutOf(
        new ExperimentOptions
        {
            Name = "test",
            Environment = new EnvironmentOptions { Name = "none" },
            Algorithm = new SacOptions { StdParameterization = std },
            Network = new NetworkOptions { HiddenSizes = [64], Activation = Activation.Relu },
        },
        BoxSpace.Unbounded(3),
        box ?? Box);
}
