using Rapid.Core;
using Rapid.Policies.Encoders;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using GraphActivation = Rapid.Protocol.V1.GraphLayer.Types.Activation;
using GraphDeviation = Rapid.Protocol.V1.ActionDistribution.Types.Deviation;
using GraphKind = Rapid.Protocol.V1.ActionDistribution.Types.Kind;

namespace Rapid.Policies;

/// <summary>
/// A <see cref="PolicyLayout"/> as a message, which travels with the parameters: whoever has a snapshot can act with it, in any language
/// and without the spec that it came of.
/// </summary>
public static class PolicyGraphs
{
    // More than any observation has, and few enough to hold.
    private const uint MostElements = 1 << 24;

    private static readonly (PolicyKind Kind, GraphKind Graph)[] Kinds =
    [
        (PolicyKind.Categorical, GraphKind.Categorical), (PolicyKind.Gaussian, GraphKind.Gaussian),
        (PolicyKind.SquashedGaussian, GraphKind.SquashedGaussian), (PolicyKind.Deterministic, GraphKind.Deterministic),
    ];

    private static readonly (StdParameterization Deviation, GraphDeviation Graph)[] Deviations =
    [
        (StdParameterization.TanhLogStd, GraphDeviation.TanhLog), (StdParameterization.ClippedLogStd, GraphDeviation.ClippedLog),
        (StdParameterization.Softplus, GraphDeviation.Softplus),
    ];

    private static readonly (Activation Activation, GraphActivation Graph)[] Activations =
        [(Activation.Tanh, GraphActivation.Tanh), (Activation.Relu, GraphActivation.Relu)];

    /// <summary>The message of a layout.</summary>
    internal static PolicyGraph Of(PolicyLayout layout)
    {
        var graph = new PolicyGraph
        {
            Policy = Head(layout, "policy", layout.Outputs),
            Value = layout.HasValueHead ? Head(layout, "value", 1) : null,
            Distribution = new ActionDistribution { Kind = Kinds.Single(pair => pair.Kind == layout.Kind).Graph },
        };
        if (layout.Frames is { } frames)
        {
            graph.Frames = new FrameShape
            {
                Height = (uint)frames.Height,
                Width = (uint)frames.Width,
                Channels = (uint)frames.Channels,
                Stack = (uint)frames.Stack,
                RepeatsFirst = frames.Padding == StackPadding.FirstFrame,
            };
        }
        else
        {
            graph.Elements = (uint)layout.ObservationSize;
        }

        graph.Layers.Add(layout.Encoder?.Layers.Select(Convolution) ?? []);
        graph.Layers.Add(layout.HiddenSizes.Select((_, i) => Hidden(layout, i)));
        if (layout.Kind == PolicyKind.Gaussian)
        {
            graph.Distribution.LogStdOffset = (ulong)layout["policy.log_std"].Offset;
        }

        if (layout.ActionBox is { } box)
        {
            graph.Distribution.Low.AddRange(box.Low);
            graph.Distribution.High.AddRange(box.High);
        }

        if (layout.Kind == PolicyKind.SquashedGaussian)
        {
            graph.Distribution.Deviation = Deviations.Single(pair => pair.Deviation == layout.StdParameterization).Graph;
        }

        return graph;
    }

    /// <summary>The layout that a message says.</summary>
    /// <exception cref="InvalidDataException">It says none that this program can evaluate.</exception>
    public static PolicyLayout ToLayout(this PolicyGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        try
        {
            var layout = Read(graph);

            // Offsets, shapes and all that belongs to other kinds of networks.
            return layout.Graph.Equals(graph) ? layout : throw new InvalidDataException("it has other shapes, offsets or parts");
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException or OverflowException or NetworkTooLargeException)
        {
            throw new InvalidDataException($"the policy's graph is of no network that can be evaluated here: {error.Message}", error);
        }
    }

    private static PolicyLayout Read(PolicyGraph graph)
    {
        var (policy, distribution) = (graph.Policy, graph.Distribution);
        if (policy is null || distribution is null || graph.ObservationsCase == PolicyGraph.ObservationsOneofCase.None)
        {
            throw new InvalidDataException("it does not say observations, policy layer and distribution");
        }

        if (graph.Elements > MostElements)
        {
            throw new InvalidDataException($"its observations have {graph.Elements} elements, allowed: at most {MostElements}");
        }

        var frames = graph.Frames is { } shape
            ? new FrameSpace(
                checked((int)shape.Height), checked((int)shape.Width), checked((int)shape.Stack),
                shape.RepeatsFirst ? StackPadding.FirstFrame : StackPadding.Zeros, checked((int)shape.Channels))
            : null;
        var (convolutions, hidden) = (graph.Layers.TakeWhile(IsConvolution).ToList(), graph.Layers.SkipWhile(IsConvolution).ToList());
        var encoder = frames is null ? null : new EncoderShape(
            frames.Planes, frames.Height, frames.Width,
            convolutions.Select(layer => new ConvolutionLayer((int)layer.Outputs, (int)layer.Kernel, (int)layer.Stride)));
        var kind = Kinds.Where(pair => pair.Graph == distribution.Kind).Select(pair => (PolicyKind?)pair.Kind).SingleOrDefault()
            ?? throw new InvalidDataException($"its distribution is {distribution.Kind}");
        var activation = hidden.Count == 0 ? Activation.Tanh
            : Activations.Where(pair => pair.Graph == hidden[0].Activation).Select(pair => (Activation?)pair.Activation).SingleOrDefault()
                ?? throw new InvalidDataException($"its activation is {hidden[0].Activation}");
        var (towers, mostTowers) = (hidden.FirstOrDefault()?.Towers ?? 1, graph.Value is null ? 1u : 2);
        if (towers < 1 || towers > mostTowers)
        {
            throw new InvalidDataException($"it has {towers} towers, allowed: 1 to {mostTowers}");
        }

        var layout = new PolicyLayout(
            frames is null ? BoxSpace.Unbounded((int)graph.Elements) : frames, encoder,
            [.. hidden.Select(layer => checked((int)layer.Outputs))], activation, (int)towers, kind, checked((int)policy.Outputs),
            graph.Value is not null)
        {
            ActionBox = distribution.Low.Count > 0 ? new BoxSpace([.. distribution.Low], [.. distribution.High]) : null,
            StdParameterization = Deviations.FirstOrDefault(pair => pair.Graph == distribution.Deviation).Deviation,
        };
        var (low, high) = (distribution.Low, distribution.High);
        var bounds = kind is PolicyKind.SquashedGaussian or PolicyKind.Deterministic ? layout.ActionSize : 0;
        return low.Count == bounds && high.Count == bounds && low.Concat(high).All(float.IsFinite)
            ? layout
            : throw new InvalidDataException($"its box has {low.Count} and {high.Count} bounds, {bounds} finite ones are needed");
    }

    private static bool IsConvolution(GraphLayer layer) => layer.Kernel > 0;

    private static GraphLayer Convolution(EncoderLayer layer) => new()
    {
        Towers = 1,
        Inputs = (uint)layer.InputChannels,
        Outputs = (uint)layer.Channels,
        Kernel = (uint)layer.Convolution.Kernel,
        Stride = (uint)layer.Convolution.Stride,
        WeightOffset = (ulong)layer.WeightOffset,
        BiasOffset = (ulong)layer.BiasOffset,
        Activation = GraphActivation.Relu,
    };

    private static GraphLayer Hidden(PolicyLayout layout, int index) => new()
    {
        Towers = (uint)layout.Towers,
        Inputs = (uint)(index == 0 ? layout.Inputs : layout.HiddenSizes[index - 1]),
        Outputs = (uint)layout.HiddenSizes[index],
        WeightOffset = (ulong)layout[$"body.{index}.weight"].Offset,
        BiasOffset = (ulong)layout[$"body.{index}.bias"].Offset,
        Activation = Activations.Single(pair => pair.Activation == layout.Activation).Graph,
    };

    private static GraphLayer Head(PolicyLayout layout, string name, int outputs) => new()
    {
        Towers = 1,
        Inputs = (uint)layout.Features,
        Outputs = (uint)outputs,
        WeightOffset = (ulong)layout[$"{name}.weight"].Offset,
        BiasOffset = (ulong)layout[$"{name}.bias"].Offset,
        Activation = GraphActivation.None,
    };
}
