using Rapid.Agents.Observations;
using Rapid.Agents.State;
using Rapid.Policies;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Agents.OnPolicy;

/// <summary>Views of one minibatch, all with the same first dimension b.</summary>
/// <param name="Observations">[b, obs] float32, or uint8 of frames.</param>
/// <param name="Actions">[b, act] float32, or [b, 1] int64 of a categorical policy.</param>
/// <param name="LogProbabilities">[b], of the policy that the ratio is taken to.</param>
/// <param name="Values">[b], old estimates.</param>
/// <param name="Advantages">[b].</param>
/// <param name="Returns">[b].</param>
public sealed record Minibatch(
    Tensor Observations, Tensor Actions, Tensor LogProbabilities, Tensor Values, Tensor Advantages, Tensor Returns);

/// <summary>The tensors of one minibatch, allocated once and refilled for every minibatch of every epoch.</summary>
public sealed class Minibatches : IDisposable
{
    private readonly int _actionSize;
    private readonly bool _isDiscrete;
    private readonly int _rows;
    private readonly int _count;
    private readonly Tensor[] _host;
    private readonly Tensor[] _device;
    private readonly Minibatch _view;

    /// <summary>Allocates.</summary>
    /// <param name="layout">Sizes of observations and actions.</param>
    /// <param name="rows">B; rows beyond the last whole minibatch are left out of the epoch.</param>
    /// <param name="count">Minibatches per epoch.</param>
    /// <param name="device">Where the network lives.</param>
    public Minibatches(PolicyLayout layout, int rows, int count, Device device)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(device);
        (_actionSize, _isDiscrete, _rows, _count) = (layout.ActionSize, layout.IsDiscrete, rows / count, count);
        _host =
        [
            ObservationBatch.Create(layout).Allocate(_rows),
            zeros(_rows, _actionSize, dtype: _isDiscrete ? ScalarType.Int64 : ScalarType.Float32),
            zeros(_rows), zeros(_rows), zeros(_rows), zeros(_rows),
        ];
        _device = device.type == DeviceType.CPU ? _host : [.. _host.Select(tensor => zeros_like(tensor, device: device))];
        _view = new Minibatch(_device[0], _device[1], _device[2], _device[3], _device[4], _device[5]);
    }

    /// <summary>One minibatch after the other, each in the same tensors.</summary>
    /// <param name="batch">B rows.</param>
    /// <param name="order">A permutation of 0..B-1.</param>
    /// <param name="normalize">Applied to the advantages of each minibatch, before importance weights.</param>
    public IEnumerable<Minibatch> Gather(RolloutBatch batch, ReadOnlyMemory<int> order, Action<Span<float>> normalize)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(normalize);
        for (var m = 0; m < _count; m++)
        {
            Fill(batch, order.Span.Slice(m * _rows, _rows), normalize);
            yield return _view;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in ReferenceEquals(_device, _host) ? _host : [.. _host, .. _device])
        {
            tensor.Dispose();
        }
    }

    private void Fill(RolloutBatch batch, ReadOnlySpan<int> rows, Action<Span<float>> normalize)
    {
        batch.Observations.Gather(rows, _host[0].bytes);
        if (_isDiscrete)
        {
            GatherRows<long>(batch.ActionIndices, 1, rows, TensorMemory.Longs(_host[1]));
        }
        else
        {
            GatherRows<float>(batch.Actions, _actionSize, rows, TensorMemory.Floats(_host[1]));
        }

        GatherRows<float>(batch.LogProbabilities, 1, rows, TensorMemory.Floats(_host[2]));
        GatherRows<float>(batch.Values, 1, rows, TensorMemory.Floats(_host[3]));
        var advantages = TensorMemory.Floats(_host[4]);
        GatherRows<float>(batch.Advantages, 1, rows, advantages);
        normalize(advantages);
        for (var i = 0; i < rows.Length; i++)
        {
            advantages[i] *= batch.Weights[rows[i]];
        }

        GatherRows<float>(batch.Returns, 1, rows, TensorMemory.Floats(_host[5]));
        for (var i = 0; i < _host.Length && !ReferenceEquals(_device, _host); i++)
        {
            _device[i].copy_(_host[i]);
        }
    }

    private static void GatherRows<T>(ReadOnlySpan<T> source, int width, ReadOnlySpan<int> rows, Span<T> target)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            source.Slice(rows[i] * width, width).CopyTo(target[(i * width)..]);
        }
    }
}
