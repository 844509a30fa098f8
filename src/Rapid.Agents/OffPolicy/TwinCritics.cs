using System.Text.Json.Nodes;
using Rapid.Agents.Networks;
using Rapid.Agents.Optimizers;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

namespace Rapid.Agents.OffPolicy;

/// <summary>Two Q-functions and their slow copies, side by side in flat buffers: one Adam, one moving average (van Hasselt 2010, Fujimoto
/// et al. 2018). No gradient must be recorded.</summary>
internal sealed class TwinCritics : IDisposable
{
    private readonly TwinCriticOptions _options;
    private readonly DenseNetwork _network;
    private readonly DenseWeights _online, _gradients;
    private readonly SlowCopy _target;
    private readonly FlatAdam _adam;
    private readonly GradientGuard _guard;
    private readonly Tensor _minimum;
    private readonly bool _isOnHost;
    private readonly double _gradientScale;

    /// <param name="options">Loss, step size, Polyak averaging.</param>
    /// <param name="network">Hidden layers and initialisation.</param>
    /// <param name="inputs">Elements of an input.</param>
    /// <param name="outputs">Q-values of an input.</param>
    /// <param name="random">Makes the starting weights.</param>
    /// <param name="device">Where they live.</param>
    public TwinCritics(TwinCriticOptions options, NetworkOptions network, int inputs, int outputs, RandomStream random, Device device)
    {
        _options = options;
        var shape = new DenseShape(2, inputs, network.HiddenSizes, outputs, network.Activation);
        _network = DenseNetwork.Create(shape, options.BatchSize, device);
        (_online, _gradients) = (new DenseWeights(shape, device), new DenseWeights(shape, device));
        _online.Set(DenseWeights.Initialize(shape, network, random));
        _target = new SlowCopy(_online, shape, options.Tau, device);
        _adam = new FlatAdam(_online.Flat, _gradients.Flat, options.AdamEpsilon);
        _guard = new GradientGuard(_gradients.Flat);
        _isOnHost = device.type == TorchSharp.DeviceType.CPU;
        _minimum = zeros(options.BatchSize, device: device);
        _gradientScale = (options.CriticLoss == CriticLoss.SquaredError ? 2.0 : 1.0) / options.BatchSize;
    }

    /// <summary>Scalar, gradients that were not finite and counted as zero.</summary>
    public Tensor BadGradients => _guard.Count;

    /// <summary>
    /// Derivative of the loss of one sample by Q, without the factor 2 of a plain square: the error, or tanh of it for log cosh.
    /// </summary>
    /// <param name="error">Q - y.</param>
    /// <param name="loss">Which loss.</param>
    internal static Tensor Slope(Tensor error, CriticLoss loss) => loss == CriticLoss.LogCosh ? error.tanh() : error;

    /// <summary>The loss of each sample; log cosh x = |x| + softplus(-2|x|) - log 2 does not overflow.</summary>
    /// <param name="error">Q - y.</param>
    /// <param name="loss">Which loss.</param>
    internal static Tensor Loss(Tensor error, CriticLoss loss) => loss switch
    {
        CriticLoss.LogCosh => error.abs() + (error.abs() * -2).softplus() - Math.Log(2),
        CriticLoss.HalfSquaredError => error * error * 0.5,
        _ => error * error,
    };

    /// <summary>Mean of both critics' absolute errors. Waits for the device.</summary>
    /// <param name="errors">[2, B].</param>
    /// <param name="absolute">[B].</param>
    public static void ReadErrors(Tensor errors, Span<float> absolute)
    {
        using var scope = NewDisposeScope();
        TensorMemory.CopyTo(errors.abs().mean([0L]), absolute);
    }

    /// <summary>The smaller of both targets' values: [B, outputs].</summary>
    /// <param name="inputs">[B, in].</param>
    public Tensor TargetMinimum(Tensor inputs) => SmallerOf(_network.Forward(_target.Weights, inputs));

    /// <summary>Values of both critics: [2, B, outputs], until the next pass.</summary>
    /// <param name="inputs">[B, in].</param>
    public Tensor Values(Tensor inputs) => _network.Forward(_online, inputs);

    /// <summary>One step of both critics towards y, after <see cref="Values"/>.</summary>
    /// <param name="errors">[2, B], Q - y of the values that matter.</param>
    /// <param name="weights">[B], importance of each sample; null: all 1.</param>
    /// <param name="actions">[B, 1] int64, which output the errors belong to; null when there is one output.</param>
    public void Descend(Tensor errors, Tensor? weights, Tensor? actions = null)
    {
        var slope = Slope(errors, _options.CriticLoss) * _gradientScale;
        if (weights is not null)
        {
            slope.mul_(weights);
        }

        slope = slope.unsqueeze(2);
        if (actions is null)
        {
            _network.OutputGradient.copy_(slope);
        }
        else
        {
            _network.OutputGradient.zero_().scatter_(2, actions.unsqueeze(0).expand(2, -1, -1), slope);
        }

        _network.Backward(_online, _gradients);
        _guard.ZeroIfBad();
        _adam.Step(_options.CriticLearningRate);
    }

    /// <summary>
    /// Gradient of -mean(min(Q1, Q2)) by some inputs, for critics of one output; the critics' own gradients are not computed.
    /// </summary>
    /// <param name="inputs">[B, in].</param>
    /// <param name="firstInput">First of the inputs.</param>
    /// <param name="inputGradient">[B, n], overwritten.</param>
    /// <returns>[B], the minimum itself, until the next one.</returns>
    public Tensor MinimumGradient(Tensor inputs, long firstInput, Tensor inputGradient)
    {
        var outputs = _network.Forward(_online, inputs);
        if (_isOnHost)
        {
            HostPasses.Minimum(
                TensorMemory.Floats(outputs), TensorMemory.Floats(_minimum), TensorMemory.Floats(_network.OutputGradient));
        }
        else
        {
            FindMinimum(outputs.squeeze(2));
        }

        _network.Backward(_online, null, firstInput, inputGradient);
        return _minimum;
    }

    /// <summary>
    /// Gradient of -mean(Q1) by some inputs, for critics of one output; the critics' own gradients are not computed.
    /// </summary>
    /// <param name="inputs">[B, in].</param>
    /// <param name="firstInput">First of the inputs.</param>
    /// <param name="inputGradient">[B, n], overwritten.</param>
    /// <returns>[B], the first critic's values, until the next pass.</returns>
    public Tensor FirstGradient(Tensor inputs, long firstInput, Tensor inputGradient)
    {
        var values = _network.Forward(_online, inputs).select(0, 0).squeeze(1);
        _network.OutputGradient.zero_().select(0, 0).fill_(-1.0 / _options.BatchSize);
        _network.Backward(_online, null, firstInput, inputGradient);
        return values;
    }

    private void FindMinimum(Tensor values)
    {
        var (first, second) = (values.select(0, 0), values.select(0, 1));

        // What is not a number is the smaller one, so that its gradient is not one either.
        var firstIsLess = first.le(second).logical_or(first.isnan()).to_type(ScalarType.Float32);
        var gradient = _network.OutputGradient.squeeze(2);
        gradient.select(0, 0).copy_(firstIsLess * (-1.0 / _options.BatchSize));
        gradient.select(0, 1).copy_((1 - firstIsLess) * (-1.0 / _options.BatchSize));
        _minimum.copy_(first.minimum(second));
    }

    /// <summary>The slow copies move towards the critics.</summary>
    public void Track() => _target.Track();

    /// <summary>Adds weights and optimiser to a checkpoint.</summary>
    public void Save(IDictionary<string, TensorData> tensors, JsonObject state)
    {
        tensors["critics.parameters"] = TensorMemory.ToData(_online.Flat);
        tensors["critics.target"] = TensorMemory.ToData(_target.Weights.Flat);
        tensors["critics.adam.first_moment"] = TensorMemory.ToData(_adam.FirstMoment);
        tensors["critics.adam.second_moment"] = TensorMemory.ToData(_adam.SecondMoment);
        tensors["critics.bad_gradients"] = TensorMemory.ToData(_guard.Count);
        state["critics_adam_steps"] = _adam.Steps;
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public void Load(IReadOnlyDictionary<string, TensorData> tensors, JsonObject state)
    {
        TensorMemory.CopyFrom(tensors["critics.parameters"], _online.Flat);
        TensorMemory.CopyFrom(tensors["critics.target"], _target.Weights.Flat);
        TensorMemory.CopyFrom(tensors["critics.adam.first_moment"], _adam.FirstMoment);
        TensorMemory.CopyFrom(tensors["critics.adam.second_moment"], _adam.SecondMoment);
        TensorMemory.CopyFrom(tensors["critics.bad_gradients"], _guard.Count);
        _adam.Steps = (long)state["critics_adam_steps"]!;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _minimum.Dispose();
        _guard.Dispose();
        _adam.Dispose();
        _gradients.Dispose();
        _target.Dispose();
        _online.Dispose();
        _network.Dispose();
    }

    /// <summary>min over two critics.</summary>
    /// <param name="values">[2, B, outputs].</param>
    internal static Tensor SmallerOf(Tensor values) => values.select(0, 0).minimum(values.select(0, 1));
}
