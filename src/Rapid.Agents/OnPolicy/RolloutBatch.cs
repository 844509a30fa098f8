using Rapid.Agents.Observations;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.OnPolicy;

/// <summary>
/// One on-policy batch of B steps in preallocated arrays: blocks are appended one after the other, each in (step, environment) order,
/// so that row b of every array belongs to the same step.
/// </summary>
public sealed class RolloutBatch
{
    private readonly PolicyLayout _layout;
    private readonly OnPolicyOptions _options;
    private readonly bool _recomputesValues;
    private readonly float[] _rewards;
    private int _rows;

    /// <summary>Allocates a batch.</summary>
    /// <param name="layout">Sizes of observations and actions.</param>
    /// <param name="options">How advantages are made.</param>
    /// <param name="capacity">B.</param>
    /// <param name="recomputesValues">Advantages are relative to the learner's newest values instead of the behaviour's.</param>
    public RolloutBatch(PolicyLayout layout, OnPolicyOptions options, int capacity, bool recomputesValues = false)
    {
        ArgumentNullException.ThrowIfNull(layout);
        _layout = layout;
        (_options, _recomputesValues) = (options, recomputesValues);
        Capacity = capacity;
        Observations = ObservationBatch.Create(layout);
        Actions = layout.IsDiscrete ? [] : new float[capacity * layout.ActionSize];
        ActionIndices = layout.IsDiscrete ? new long[capacity] : [];
        LogProbabilities = new float[capacity];
        Values = new float[capacity];
        Advantages = new float[capacity];
        Weights = new float[capacity];
        Weights.AsSpan().Fill(1);
        Returns = new float[capacity];
        _rewards = new float[capacity];
    }

    /// <summary>B.</summary>
    public int Capacity { get; }

    /// <summary>[B, obs].</summary>
    public ObservationBatch Observations { get; }

    /// <summary>[B, act] of a Gaussian policy, unclipped; empty for a categorical one.</summary>
    public float[] Actions { get; }

    /// <summary>[B] of a categorical policy; empty for a Gaussian one.</summary>
    public long[] ActionIndices { get; }

    /// <summary>[B], of the behaviour policy.</summary>
    public float[] LogProbabilities { get; }

    /// <summary>[B], estimates that advantages are relative to.</summary>
    public float[] Values { get; }

    /// <summary>[B].</summary>
    public float[] Advantages { get; }

    /// <summary>[B], importance of each step in the policy loss, 1 unless an algorithm sets it.</summary>
    public float[] Weights { get; }

    /// <summary>[B], value targets.</summary>
    public float[] Returns { get; }

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        _rows = 0;
        Observations.Clear();
    }

    /// <summary>Appends one block.</summary>
    /// <param name="block">[T, N] steps; checked against the layout.</param>
    /// <param name="rewards">Normalises rewards in time order; null leaves them raw.</param>
    /// <param name="criticOf">Values [rows] of observations [rows, obs] under the learner's newest weights.</param>
    /// <exception cref="InvalidDataException">A column is missing or has another type or shape, or the batch would overflow.</exception>
    public void Append(Trajectory block, RewardNormalizer? rewards, Func<Tensor, float[]> criticOf)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(criticOf);
        int steps = (int)block.Steps, environments = (int)block.Environments, rows = steps * environments;
        if (_rows + rows > Capacity)
        {
            throw new InvalidDataException($"a block of {rows} steps does not fit a batch of {Capacity} that already holds {_rows}");
        }

        Observations.Append(block);
        if (_layout.IsDiscrete)
        {
            block.Longs(TrajectoryColumns.Actions, steps, environments).CopyTo(ActionIndices.AsSpan(_rows));
        }
        else
        {
            block.Floats(TrajectoryColumns.Actions, steps, environments, _layout.ActionSize)
                .CopyTo(Actions.AsSpan(_rows * _layout.ActionSize));
        }

        block.Floats(TrajectoryColumns.LogProbabilities, steps, environments).CopyTo(LogProbabilities.AsSpan(_rows));
        var blockRewards = _rewards.AsSpan(_rows, rows);
        block.Floats(TrajectoryColumns.Rewards, steps, environments).CopyTo(blockRewards);
        if (rewards is not null)
        {
            NormalizeRewards(rewards, block, steps, environments, blockRewards);
        }

        var terminated = block.Bytes(TrajectoryColumns.Terminated, steps, environments);
        var truncated = block.Bytes(TrajectoryColumns.Truncated, steps, environments);
        var finals = truncated.Length - truncated.Count((byte)0);
        using var scope = NewDisposeScope();
        var finalValues = finals == 0 ? [] : criticOf(Observations.Finals(block, finals));
        var values = _recomputesValues
            ? criticOf(Observations.All(block))
            : block.Floats(TrajectoryColumns.Values, steps + 1, environments);
        values[..rows].CopyTo(Values.AsSpan(_rows));
        AdvantageEstimation.Compute(
            blockRewards, values, terminated, truncated, finalValues, environments, _options.Gamma, _options.Gae ? _options.GaeLambda : 1,
            _options.TimeLimit, Advantages.AsSpan(_rows, rows), Returns.AsSpan(_rows, rows));
        _rows += rows;
    }

    /// <summary>How much of the spread of returns the values that advantages are relative to foretell.</summary>
    internal double ExplainedVariance() => ExplainedVariance(Values, Returns);

    /// <summary>1 - Var[R - V] / Var[R]; NaN when the returns do not vary beyond their rounding.</summary>
    internal static double ExplainedVariance(ReadOnlySpan<float> values, ReadOnlySpan<float> returns)
    {
        var (spread, errors) = (Dispersion.Of(returns), Dispersion.Of(returns, values));
        return spread.Deviation(spread.Count) > 0 ? 1 - errors.Squares / spread.Squares : double.NaN;
    }

    /// <summary>
    /// r' = clip(r / sqrt(Var[G] + 1e-8)), the variance updated with the N discounted returns of each step before it is used.
    /// </summary>
    private static void NormalizeRewards(RewardNormalizer normalizer, Trajectory block, int steps, int environments, Span<float> rewards)
    {
        var returns = block.Floats(TrajectoryColumns.DiscountedReturns, steps, environments);
        for (var t = 0; t < steps; t++)
        {
            normalizer.Update(returns.Slice(t * environments, environments));
            normalizer.Normalize(rewards.Slice(t * environments, environments));
        }
    }
}
