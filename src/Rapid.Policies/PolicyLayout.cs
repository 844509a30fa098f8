using Rapid.Core;
using Rapid.Policies.Encoders;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Policies;

/// <summary>One named block of the flat parameter buffer.</summary>
/// <param name="Name">For example "body.0.weight".</param>
/// <param name="Shape">Row-major shape.</param>
/// <param name="Offset">First element in the flat buffer.</param>
public sealed record ParameterSlice(string Name, IReadOnlyList<int> Shape, int Offset)
{
    /// <summary>Number of elements.</summary>
    public int Length { get; } = Shape.Aggregate(1, (product, size) => checked(product * size));
}

/// <summary>A network has more parameters than a buffer has elements.</summary>
/// <param name="parameters">How many.</param>
public sealed class NetworkTooLargeException(Int128 parameters)
    : Exception($"the network has {parameters} parameters, allowed: at most {int.MaxValue}")
{
    /// <summary>How many.</summary>
    public Int128 Parameters => parameters;
}

/// <summary>What a policy's outputs are the parameters of.</summary>
public enum PolicyKind
{
    /// <summary>Logits of discrete actions.</summary>
    Categorical,
    /// <summary>Means of a diagonal Gaussian whose standard deviation does not depend on the state.</summary>
    Gaussian,
    /// <summary>Means, then standard deviations, of a diagonal Gaussian whose sample goes through tanh into the box of actions.</summary>
    SquashedGaussian,
    /// <summary>Nothing: through tanh into the box they are the action.</summary>
    Deterministic,
}

/// <summary>
/// The order, shapes and offsets of a policy's parameters, with those of its value network if it has one, in one flat float32 buffer, the
/// form in which weights are optimised, published, checkpointed and acted with.
/// </summary>
/// <remarks>
/// Of frames there are convolutions first, <c>conv.i.weight [out, in, kernel, kernel]</c> and <c>conv.i.bias [out]</c>, whose flattened
/// output [channels, height, width] is what the hidden layers take. Policy and value network are either two towers of equal shape or one
/// shared tower. Hidden layer i holds all towers together, <c>body.i.weight [towers, out, in]</c> and <c>body.i.bias [towers, out]</c>, so
/// that the learner evaluates both towers with one batched matrix product. Then <c>policy.weight [outputs, hidden]</c>,
/// <c>policy.bias [outputs]</c>, with a value head <c>value.weight [1, hidden]</c>, <c>value.bias [1]</c>, and for
/// <see cref="PolicyKind.Gaussian"/> <c>policy.log_std [act]</c>.
/// </remarks>
public sealed class PolicyLayout
{
    private readonly List<ParameterSlice> _parameters = [];
    private readonly Lazy<PolicyGraph> _graph;
    private Int128 _length;

    private PolicyLayout(NetworkOptions network, Space observations, PolicyKind kind, int outputs, bool hasValueHead)
        : this(
            observations,
            observations is FrameSpace frames ? EncoderShape.Of(network.Encoder, frames.Planes, frames.Height, frames.Width) : null,
            network.HiddenSizes, network.Activation, hasValueHead && !network.Shared ? 2 : 1, kind, outputs, hasValueHead)
    {
    }

    internal PolicyLayout(
        Space observations, EncoderShape? encoder, IReadOnlyList<int> hiddenSizes, Activation activation, int towers, PolicyKind kind,
        int outputs, bool hasValueHead)
    {
        (Frames, Encoder) = (observations as FrameSpace, encoder);
        ObservationSize = observations.Size * (Frames?.Stack ?? 1);
        (HiddenSizes, Activation, Towers) = (hiddenSizes, activation, towers);
        (Kind, Outputs, HasValueHead) = (kind, outputs, hasValueHead);

        for (var layer = 0; layer < Encoder?.Layers.Count; layer++)
        {
            var (channels, kernel, _) = Encoder.Layers[layer].Convolution;
            Add($"conv.{layer}.weight", channels, Encoder.Layers[layer].InputChannels, kernel, kernel);
            Add($"conv.{layer}.bias", channels);
        }

        Inputs = Encoder?.Features ?? ObservationSize;
        var inputs = Inputs;
        for (var layer = 0; layer < HiddenSizes.Count; layer++)
        {
            Add($"body.{layer}.weight", Towers, HiddenSizes[layer], inputs);
            Add($"body.{layer}.bias", Towers, HiddenSizes[layer]);
            inputs = HiddenSizes[layer];
        }

        Features = inputs;
        Add("policy.weight", outputs, Features);
        Add("policy.bias", outputs);
        if (hasValueHead)
        {
            Add("value.weight", 1, Features);
            Add("value.bias", 1);
        }

        if (kind == PolicyKind.Gaussian)
        {
            Add("policy.log_std", outputs);
        }

        if (_length > int.MaxValue)
        {
            throw new NetworkTooLargeException(_length);
        }

        _graph = new Lazy<PolicyGraph>(() => PolicyGraphs.Of(this));
    }

    /// <summary>All blocks in buffer order.</summary>
    public IReadOnlyList<ParameterSlice> Parameters => _parameters;

    /// <summary>Elements of the flat buffer.</summary>
    public int Length => (int)_length;

    /// <summary>The same as a message, which travels with the parameters; not to be changed. Equal layouts have equal graphs.</summary>
    public PolicyGraph Graph => _graph.Value;

    /// <summary>Elements of one observation; of frames the pixels of a whole stack.</summary>
    public int ObservationSize { get; }

    /// <summary>The frames that the policy sees; null for vectors.</summary>
    public FrameSpace? Frames { get; }

    /// <summary>The convolutions, whose parameters come first; null for vectors.</summary>
    public EncoderShape? Encoder { get; }

    /// <summary>Inputs of the first hidden layer: elements of an observation, or features of the convolutions.</summary>
    public int Inputs { get; }

    /// <summary>Elements of one action as the environment takes it: the dimensions of a box, or 1 for a discrete index.</summary>
    public int ActionSize => Kind switch { PolicyKind.Categorical => 1, PolicyKind.SquashedGaussian => Outputs / 2, _ => Outputs };

    /// <summary>What the head's outputs are the parameters of.</summary>
    public PolicyKind Kind { get; }

    /// <summary>True for a categorical policy, whose actions are indices.</summary>
    public bool IsDiscrete => Kind == PolicyKind.Categorical;

    /// <summary>Outputs of the policy head: logits, means, or means and then what becomes standard deviations.</summary>
    public int Outputs { get; }

    /// <summary>Whether the network also estimates values.</summary>
    public bool HasValueHead { get; }

    /// <summary>The box that a squashed Gaussian or a deterministic policy acts in; null for the other kinds.</summary>
    public BoxSpace? ActionBox { get; internal init; }

    /// <summary>How a squashed Gaussian's outputs become standard deviations.</summary>
    public StdParameterization StdParameterization { get; internal init; }

    /// <summary>2 for separate policy and value networks, 1 for a shared body or a policy alone.</summary>
    public int Towers { get; }

    /// <summary>Inputs of the heads.</summary>
    public int Features { get; }

    /// <summary>Units per hidden layer.</summary>
    public IReadOnlyList<int> HiddenSizes { get; }

    /// <summary>Activation after each hidden layer.</summary>
    public Activation Activation { get; }

    /// <summary>The layout of a policy on an environment with these spaces.</summary>
    /// <param name="plan">What the algorithm asks for.</param>
    /// <param name="network">Sizes of layers.</param>
    /// <param name="observations">A box, or frames.</param>
    /// <param name="actions">A box, or discrete.</param>
    /// <exception cref="ArgumentException">The action space is neither a box nor discrete, or unbounded where the policy is
    /// squashed.</exception>
    /// <exception cref="NetworkTooLargeException">It has more parameters than a buffer has elements.</exception>
    public static PolicyLayout Create(PolicyPlan plan, NetworkOptions network, Space observations, Space actions)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(network);
        if (observations is not (BoxSpace or FrameSpace))
        {
            throw new ArgumentException($"observations must be a box or frames, not {observations}", nameof(observations));
        }

        return (actions, plan.Squashing) switch
        {
            (BoxSpace box, _) when plan.IsDeterministic =>
                Squashed(network, observations, box, PolicyKind.Deterministic, default, plan.HasValueHead),
            (not BoxSpace, _) when plan.IsDeterministic =>
                throw new ArgumentException($"a deterministic policy acts in a box, not in {actions}", nameof(actions)),
            (BoxSpace box, { } deviations) =>
                Squashed(network, observations, box, PolicyKind.SquashedGaussian, deviations, plan.HasValueHead),
            (BoxSpace box, null) => new PolicyLayout(network, observations, PolicyKind.Gaussian, box.Size, plan.HasValueHead),
            (DiscreteSpace choices, _) =>
                new PolicyLayout(network, observations, PolicyKind.Categorical, choices.Count, plan.HasValueHead),
            _ => throw new ArgumentException($"actions must be a box or discrete, not {actions}", nameof(actions)),
        };
    }

    private static PolicyLayout Squashed(
        NetworkOptions network, Space observations, BoxSpace box, PolicyKind kind, StdParameterization std, bool hasValueHead) =>
        box.Low.Concat(box.High).All(float.IsFinite)
            ? new PolicyLayout(network, observations, kind, (kind == PolicyKind.Deterministic ? 1 : 2) * box.Size, hasValueHead)
            {
                ActionBox = box,
                StdParameterization = std,
            }
            : throw new ArgumentException($"the policy squashes actions into their box, which must be finite, not {box}", nameof(box));

    /// <summary>The block of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public ParameterSlice this[string name] =>
        _parameters.Find(slice => slice.Name == name)
            ?? throw new KeyNotFoundException(
                $"no parameter '{name}'; there are {string.Join(", ", _parameters.Select(p => p.Name))}");

    /// <summary>Why a snapshot does not fit this layout, naming its version, what it has and what is needed; null when it fits.</summary>
    public string? Problem(PolicySnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (!Graph.Equals(snapshot.Graph))
        {
            return $"policy version {snapshot.Version} is of the network {snapshot.Graph?.ToString() ?? "that it does not say"}, "
                + $"this experiment's is {Graph}";
        }

        if (snapshot.Parameters.Length != Length * sizeof(float))
        {
            return $"policy version {snapshot.Version} has {snapshot.Parameters.Length} bytes of parameters, "
                + $"{Length} float32 need {Length * sizeof(float)}";
        }

        var state = snapshot.ObservationNormalizer;
        return state is null || (state.Mean.Count == ObservationSize && state.Variance.Count == ObservationSize)
            ? null
            : $"policy version {snapshot.Version} normalises with {state.Mean.Count} means and {state.Variance.Count} variances, "
                + $"observations have {ObservationSize} elements";
    }

    private void Add(string name, params int[] shape)
    {
        // Counted to the end, also when no buffer holds them: whoever asked for so many is told how many.
        var length = shape.Aggregate((Int128)1, (product, size) => product * size);
        if (_length + length <= int.MaxValue)
        {
            _parameters.Add(new ParameterSlice(name, shape, Length));
        }

        _length += length;
    }
}
