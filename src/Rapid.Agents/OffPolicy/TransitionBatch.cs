using System.Numerics.Tensors;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.OffPolicy;

/// <summary>
/// B transitions in tensors that are made once and filled again and again. Observations lie in rows with room for an action behind them,
/// which is the input that critics take: nothing is joined or copied later.
/// </summary>
public sealed class TransitionBatch : IDisposable
{
    private readonly PolicyLayout _layout;
    private readonly OffPolicyOptions _options;
    private readonly int _width;

    /// <summary>Makes a batch of zeros.</summary>
    /// <param name="layout">Sizes of observations and actions.</param>
    /// <param name="options">Batch size, discount, reward scale and time limit rule.</param>
    /// <param name="device">Where it lives; only a batch on the host can be filled from messages.</param>
    public TransitionBatch(PolicyLayout layout, OffPolicyOptions options, Device device)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(options);
        (_layout, _options) = (layout, options);
        _width = layout.ObservationSize + (layout.IsDiscrete ? 0 : layout.ActionSize);
        Inputs = zeros(options.BatchSize, _width, device: device);
        NextInputs = zeros_like(Inputs);
        Observations = Inputs.narrow(1, 0, layout.ObservationSize);
        NextObservations = NextInputs.narrow(1, 0, layout.ObservationSize);
        Actions = Inputs.narrow(1, layout.ObservationSize, _width - layout.ObservationSize);
        NextActions = NextInputs.narrow(1, layout.ObservationSize, _width - layout.ObservationSize);
        ActionIndices = zeros(options.BatchSize, 1, dtype: ScalarType.Int64, device: device);
        Rewards = zeros(options.BatchSize, device: device);
        Continues = zeros_like(Rewards);
        Weights = ones_like(Rewards);
    }

    /// <summary>[B, obs + act], or [B, obs] of discrete actions.</summary>
    public Tensor Inputs { get; }

    /// <summary>The same after the transition; its actions are the policy's to fill.</summary>
    public Tensor NextInputs { get; }

    /// <summary>[B, obs], part of <see cref="Inputs"/>.</summary>
    public Tensor Observations { get; }

    /// <summary>[B, obs], part of <see cref="NextInputs"/>.</summary>
    public Tensor NextObservations { get; }

    /// <summary>[B, act] as the environment took them, part of <see cref="Inputs"/>; without columns for discrete actions.</summary>
    public Tensor Actions { get; }

    /// <summary>[B, act], part of <see cref="NextInputs"/>.</summary>
    public Tensor NextActions { get; }

    /// <summary>[B, 1] int64 of discrete actions.</summary>
    public Tensor ActionIndices { get; }

    /// <summary>[B], scaled.</summary>
    public Tensor Rewards { get; }

    /// <summary>[B], what the next value counts: the discount, or 0 after the end of an episode.</summary>
    public Tensor Continues { get; }

    /// <summary>[B], importance of each sample, 1 unless the table is prioritised.</summary>
    public Tensor Weights { get; }

    /// <summary>[B], names of the transitions in their table.</summary>
    public ulong[] Ids { get; private set; } = [];

    /// <summary>Fills a batch on the host.</summary>
    /// <param name="sampled">Of this batch size.</param>
    /// <param name="normalizer">Applied to observations; null leaves them raw.</param>
    /// <exception cref="InvalidDataException">A column is missing or has another type or shape, or an action that there is not.</exception>
    public void Fill(SampledBatch sampled, ObservationNormalizer? normalizer)
    {
        ArgumentNullException.ThrowIfNull(sampled);
        var (rows, size) = (_options.BatchSize, _layout.ObservationSize);
        FillRows(Read<float>(sampled, TrajectoryColumns.Observations, rows, size), Inputs, normalizer);
        FillRows(Read<float>(sampled, TrajectoryColumns.NextObservations, rows, size), NextInputs, normalizer);
        if (_layout.IsDiscrete)
        {
            var choices = Read<long>(sampled, TrajectoryColumns.Actions, rows);
            if (choices.IndexOfAnyExceptInRange(0, _layout.Outputs - 1) is >= 0 and var index)
            {
                throw new InvalidDataException(
                    $"column 'actions' holds {choices[index]} at element {index}; allowed: 0 to {_layout.Outputs - 1}");
            }

            choices.CopyTo(TensorMemory.Longs(ActionIndices));
        }
        else
        {
            var actions = Read<float>(sampled, TrajectoryColumns.Actions, rows, _layout.ActionSize);
            var inputs = TensorMemory.Floats(Inputs);
            for (var i = 0; i < rows; i++)
            {
                actions.Slice(i * _layout.ActionSize, _layout.ActionSize).CopyTo(inputs[(i * _width + size)..]);
            }
        }

        var rewards = TensorMemory.Floats(Rewards);
        TensorPrimitives.Multiply(Read<float>(sampled, TrajectoryColumns.Rewards, rows), (float)_options.RewardScale, rewards);
        var terminated = Read<byte>(sampled, TrajectoryColumns.Terminated, rows);
        var truncated = Read<byte>(sampled, TrajectoryColumns.Truncated, rows);
        var discounts = _options.NSteps > 1 ? Read<float>(sampled, TrajectoryColumns.Discounts, rows) : [];
        var continues = TensorMemory.Floats(Continues);
        for (var i = 0; i < rows; i++)
        {
            var isEnd = terminated[i] != 0 || (truncated[i] != 0 && _options.TimeLimit == TimeLimitRule.Terminal);
            continues[i] = isEnd ? 0 : discounts.IsEmpty ? (float)_options.Gamma : discounts[i];
        }

        if (Find(sampled, TrajectoryColumns.Weights) is not null)
        {
            Read<float>(sampled, TrajectoryColumns.Weights, rows).CopyTo(TensorMemory.Floats(Weights));
        }

        Ids = [.. sampled.Ids];
    }

    /// <summary>Copies another batch, from any device, without waiting for it.</summary>
    public void CopyFrom(TransitionBatch other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Inputs.copy_(other.Inputs, true);
        NextInputs.copy_(other.NextInputs, true);
        ActionIndices.copy_(other.ActionIndices, true);
        Rewards.copy_(other.Rewards, true);
        Continues.copy_(other.Continues, true);
        Weights.copy_(other.Weights, true);
        Ids = other.Ids;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Tensor[] tensors =
        [
            Observations, NextObservations, Actions, NextActions, Inputs, NextInputs, ActionIndices, Rewards, Continues, Weights,
        ];
        foreach (var tensor in tensors)
        {
            tensor.Dispose();
        }
    }

    private static ReadOnlySpan<T> Read<T>(SampledBatch sampled, string name, params ReadOnlySpan<int> shape)
        where T : unmanaged =>
        TensorCodec.Read<T>(
            Find(sampled, name)?.Tensor ?? throw new InvalidDataException($"a sampled batch has no column '{name}'"), name, shape);

    private static Column? Find(SampledBatch sampled, string name)
    {
        foreach (var column in sampled.Columns)
        {
            if (column.Name == name)
            {
                return column;
            }
        }

        return null;
    }

    private void FillRows(ReadOnlySpan<float> observations, Tensor target, ObservationNormalizer? normalizer)
    {
        var size = _layout.ObservationSize;
        var floats = TensorMemory.Floats(target);
        for (var i = 0; i < _options.BatchSize; i++)
        {
            var from = observations.Slice(i * size, size);
            var to = floats.Slice(i * _width, size);
            if (normalizer is null)
            {
                from.CopyTo(to);
            }
            else
            {
                normalizer.Normalize(from, to);
            }
        }
    }
}
