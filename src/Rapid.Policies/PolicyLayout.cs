using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Rapid.Environments;
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
    public int Length { get; } = Shape.Aggregate(1, (product, size) => product * size);
}

/// <summary>
/// The order, shapes and offsets of an actor-critic's parameters in one flat float32 buffer, the form in which weights are optimised,
/// published, checkpointed and acted with.
/// </summary>
/// <remarks>
/// Policy and value network are either two towers of equal shape or one shared tower. Hidden layer i holds all towers together,
/// <c>body.i.weight [towers, out, in]</c> and <c>body.i.bias [towers, out]</c>, so that the learner evaluates both towers with one
/// batched matrix product. Then <c>policy.weight [act, hidden]</c>, <c>policy.bias [act]</c>, <c>value.weight [1, hidden]</c>,
/// <c>value.bias [1]</c> and, for Gaussian policies, <c>policy.log_std [act]</c>.
/// </remarks>
public sealed class PolicyLayout
{
    private readonly List<ParameterSlice> _parameters = [];

    private PolicyLayout(NetworkOptions network, int observationSize, bool isDiscrete, int outputs)
    {
        ObservationSize = observationSize;
        IsDiscrete = isDiscrete;
        Outputs = outputs;
        Towers = network.Shared ? 1 : 2;
        HiddenSizes = network.HiddenSizes;
        Activation = network.Activation;

        var inputs = observationSize;
        for (var layer = 0; layer < HiddenSizes.Count; layer++)
        {
            Add($"body.{layer}.weight", Towers, HiddenSizes[layer], inputs);
            Add($"body.{layer}.bias", Towers, HiddenSizes[layer]);
            inputs = HiddenSizes[layer];
        }

        Features = inputs;
        Add("policy.weight", outputs, Features);
        Add("policy.bias", outputs);
        Add("value.weight", 1, Features);
        Add("value.bias", 1);
        if (!isDiscrete)
        {
            Add("policy.log_std", outputs);
        }

        Hash = ComputeHash();
    }

    /// <summary>All blocks in buffer order.</summary>
    public IReadOnlyList<ParameterSlice> Parameters => _parameters;

    /// <summary>Elements of the flat buffer.</summary>
    public int Length { get; private set; }

    /// <summary>Names this layout: equal layouts have equal hashes.</summary>
    public string Hash { get; }

    /// <summary>Elements of one observation.</summary>
    public int ObservationSize { get; }

    /// <summary>Elements of one action as the environment takes it: the dimensions of a box, or 1 for a discrete index.</summary>
    public int ActionSize => IsDiscrete ? 1 : Outputs;

    /// <summary>True for a categorical policy, false for a diagonal Gaussian.</summary>
    public bool IsDiscrete { get; }

    /// <summary>Outputs of the policy head: logits or means.</summary>
    public int Outputs { get; }

    /// <summary>2 for separate policy and value networks, 1 for a shared body.</summary>
    public int Towers { get; }

    /// <summary>Inputs of the heads.</summary>
    public int Features { get; }

    /// <summary>Units per hidden layer.</summary>
    public IReadOnlyList<int> HiddenSizes { get; }

    /// <summary>Activation after each hidden layer.</summary>
    public Activation Activation { get; }

    /// <summary>The layout of an experiment's policy on an environment with these spaces.</summary>
    /// <exception cref="ArgumentException">The action space is neither a box nor discrete.</exception>
    public static PolicyLayout Create(ExperimentOptions options, Space observations, Space actions)
    {
        ArgumentNullException.ThrowIfNull(options);
        var observationSize = observations is BoxSpace box
            ? box.Size
            : throw new ArgumentException($"observations must be a box, not {observations}", nameof(observations));
        return actions switch
        {
            BoxSpace continuous => new PolicyLayout(options.Network, observationSize, isDiscrete: false, continuous.Size),
            DiscreteSpace discrete => new PolicyLayout(options.Network, observationSize, isDiscrete: true, discrete.Count),
            _ => throw new ArgumentException($"actions must be a box or discrete, not {actions}", nameof(actions)),
        };
    }

    /// <summary>The block of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public ParameterSlice this[string name] =>
        _parameters.Find(slice => slice.Name == name) ?? throw new KeyNotFoundException($"no parameter '{name}'; there are {string.Join(", ", _parameters.Select(p => p.Name))}");

    /// <summary>Why a snapshot does not fit this layout, naming its version, what it has and what is needed; null when it fits.</summary>
    public string? Problem(PolicySnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (snapshot.LayoutHash != Hash)
        {
            return $"policy version {snapshot.Version} has the layout '{snapshot.LayoutHash}', this experiment's network has '{Hash}'";
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
        var slice = new ParameterSlice(name, shape, Length);
        _parameters.Add(slice);
        Length += slice.Length;
    }

    private string ComputeHash()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Activation};discrete={IsDiscrete}");
        foreach (var slice in _parameters)
        {
            text.Append(CultureInfo.InvariantCulture, $";{slice.Name}[{string.Join(',', slice.Shape)}]");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }
}
