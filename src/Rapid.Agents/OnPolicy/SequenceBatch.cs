using Rapid.Agents.Observations;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.OnPolicy;

/// <summary>
/// B replayed sequences of T steps, each with the observation after it, in tensors that are allocated once. Rows are in (step, sequence)
/// order; n = T * B.
/// </summary>
public sealed class SequenceBatch : IDisposable
{
    private readonly PolicyLayout _layout;
    private readonly ObservationBatch _observations;
    private readonly OnPolicyOptions _options;
    private readonly int _steps;
    private readonly int _sequences;
    private readonly float[] _rewards;
    private readonly float[] _values;
    private readonly Tensor[] _host;
    private readonly Tensor[] _device;
    private byte[] _terminated = [];
    private byte[] _truncated = [];
    private Tensor? _finalObservations;

    /// <summary>Allocates.</summary>
    /// <param name="layout">Sizes of observations and actions.</param>
    /// <param name="options">How advantages are made; its rollout_steps are T.</param>
    /// <param name="sequences">B.</param>
    /// <param name="device">Where the network lives.</param>
    public SequenceBatch(PolicyLayout layout, OnPolicyOptions options, int sequences, Device device)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        (_layout, _options, _steps, _sequences) = (layout, options, options.RolloutSteps, sequences);
        var rows = _steps * sequences;
        (_rewards, _values) = (new float[rows], new float[rows + sequences]);
        _observations = ObservationBatch.Create(layout);
        _host =
        [
            _observations.Allocate(rows + sequences),
            layout.IsDiscrete ? zeros(rows, 1, dtype: ScalarType.Int64) : zeros(rows, layout.ActionSize),
            zeros(rows, layout.Outputs),
            layout.IsDiscrete ? zeros(0) : zeros(rows, layout.Outputs),
            zeros(rows),
            zeros(rows),
        ];
        _device = device.type == TorchSharp.DeviceType.CPU ? _host : [.. _host.Select(tensor => zeros_like(tensor, device: device))];
    }

    /// <summary>n.</summary>
    public int Rows => _rewards.Length;

    /// <summary>[n + B, obs], as the behaviour saw them; the last B bootstrap.</summary>
    public Tensor Observations => _device[0];

    /// <summary>[n, act] float32, or [n, 1] int64 of a categorical policy.</summary>
    public Tensor Actions => _device[1];

    /// <summary>[n, outputs], the behaviour's log-probabilities of all actions, or its means.</summary>
    public Tensor Behaviour => _device[2];

    /// <summary>[n, act], the behaviour's log standard deviations; empty of a categorical policy.</summary>
    public Tensor BehaviourLogStd => _device[3];

    /// <summary>[n].</summary>
    public Tensor Advantages => _device[4];

    /// <summary>[n], value targets.</summary>
    public Tensor Returns => _device[5];

    /// <summary>Takes sequences over.</summary>
    /// <param name="sequences">T steps of B environments.</param>
    /// <param name="rewards">Divides raw rewards by the newest deviation, without learning from them a second time; null leaves them
    /// raw.</param>
    /// <exception cref="InvalidDataException">A column is missing or has another type or shape.</exception>
    public void Load(Trajectory sequences, RewardNormalizer? rewards)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        var (steps, count, outputs) = (_steps, _sequences, _layout.Outputs);
        _observations.Copy(sequences, _host[0].bytes);
        if (_layout.IsDiscrete)
        {
            sequences.Longs(TrajectoryColumns.Actions, steps, count).CopyTo(TensorMemory.Longs(_host[1]));
            sequences.Floats(TrajectoryColumns.BehaviourLogProbabilities, steps, count, outputs).CopyTo(TensorMemory.Floats(_host[2]));
        }
        else
        {
            sequences.Floats(TrajectoryColumns.Actions, steps, count, outputs).CopyTo(TensorMemory.Floats(_host[1]));
            sequences.Floats(TrajectoryColumns.BehaviourMean, steps, count, outputs).CopyTo(TensorMemory.Floats(_host[2]));
            sequences.Floats(TrajectoryColumns.BehaviourLogStd, steps, count, outputs).CopyTo(TensorMemory.Floats(_host[3]));
        }

        sequences.Floats(TrajectoryColumns.Rewards, steps, count).CopyTo(_rewards);
        rewards?.Normalize(_rewards);
        _terminated = sequences.Bytes(TrajectoryColumns.Terminated, steps, count).ToArray();
        _truncated = sequences.Bytes(TrajectoryColumns.Truncated, steps, count).ToArray();
        var finals = _truncated.Length - _truncated.AsSpan().Count((byte)0);
        _finalObservations?.Dispose();
        _finalObservations = finals == 0 ? null : _observations.Finals(sequences, finals).DetachFromDisposeScope();
        CopyToDevice(0, 4);
    }

    /// <summary>Fills <see cref="Advantages"/> and <see cref="Returns"/> from the learner's newest values, without importance
    /// weights.</summary>
    /// <param name="values">[n + B], of <see cref="Observations"/>.</param>
    /// <param name="criticOf">Values of final observations.</param>
    public void EstimateAdvantages(Tensor values, Func<Tensor, float[]> criticOf)
    {
        ArgumentNullException.ThrowIfNull(criticOf);
        TensorMemory.CopyTo(values, _values);
        AdvantageEstimation.Compute(
            _rewards, _values, _terminated, _truncated, _finalObservations is null ? [] : criticOf(_finalObservations), _sequences,
            _options.Gamma, _options.Gae ? _options.GaeLambda : 1, _options.TimeLimit, TensorMemory.Floats(_host[4]),
            TensorMemory.Floats(_host[5]));
        CopyToDevice(4, 6);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _finalObservations?.Dispose();
        foreach (var tensor in ReferenceEquals(_device, _host) ? _host : [.. _host, .. _device])
        {
            tensor.Dispose();
        }
    }

    private void CopyToDevice(int first, int end)
    {
        for (var i = first; i < end && !ReferenceEquals(_device, _host); i++)
        {
            _device[i].copy_(_host[i]);
        }
    }
}
