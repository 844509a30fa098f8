using Rapid.Policies;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Algorithms;

/// <summary>Views of one minibatch, all with the same first dimension b.</summary>
/// <param name="Observations">[b, obs].</param>
/// <param name="Actions">[b, act] float32, or [b, 1] int64 of a categorical policy.</param>
/// <param name="LogProbabilities">[b], of the policy that the ratio is taken to.</param>
/// <param name="Values">[b], old estimates.</param>
/// <param name="Advantages">[b].</param>
/// <param name="Returns">[b].</param>
public sealed record Minibatch(
    Tensor Observations, Tensor Actions, Tensor LogProbabilities, Tensor Values, Tensor Advantages, Tensor Returns);

/// <summary>The tensors of a shuffled batch, allocated once with the views of every minibatch, and refilled for every epoch.</summary>
public sealed class Minibatches : IDisposable
{
    private readonly int _observationSize;
    private readonly int _actionSize;
    private readonly bool _isDiscrete;
    private readonly int _minibatchRows;
    private readonly Tensor[] _host;
    private readonly Tensor[] _device;
    private readonly Minibatch[] _views;

    /// <summary>Allocates.</summary>
    /// <param name="layout">Sizes of observations and actions.</param>
    /// <param name="rows">B, a multiple of <paramref name="count"/>; rows beyond the last whole minibatch are left out of the epoch.</param>
    /// <param name="count">Minibatches per epoch.</param>
    /// <param name="device">Where the network lives.</param>
    public Minibatches(PolicyLayout layout, int rows, int count, Device device)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(device);
        (_observationSize, _actionSize, _isDiscrete, _minibatchRows) =
            (layout.ObservationSize, layout.ActionSize, layout.IsDiscrete, rows / count);
        _host =
        [
            zeros(rows, _observationSize),
            zeros(rows, _actionSize, dtype: _isDiscrete ? ScalarType.Int64 : ScalarType.Float32),
            zeros(rows), zeros(rows), zeros(rows), zeros(rows),
        ];
        _device = device.type == DeviceType.CPU ? _host : [.. _host.Select(tensor => zeros_like(tensor, device: device))];
        _views = [.. Enumerable.Range(0, count).Select(View)];
    }

    /// <summary>Fills the tensors in the given order and returns the minibatches.</summary>
    /// <param name="batch">B rows.</param>
    /// <param name="order">A permutation of 0..B-1.</param>
    /// <param name="normalize">Applied to the advantages of each minibatch, before importance weights.</param>
    public IReadOnlyList<Minibatch> Gather(RolloutBatch batch, ReadOnlySpan<int> order, Action<Span<float>> normalize)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(normalize);
        GatherRows<float>(batch.Observations, _observationSize, order, TensorMemory.Floats(_host[0]));
        if (_isDiscrete)
        {
            GatherRows<long>(batch.ActionIndices, 1, order, TensorMemory.Longs(_host[1]));
        }
        else
        {
            GatherRows<float>(batch.Actions, _actionSize, order, TensorMemory.Floats(_host[1]));
        }

        GatherRows<float>(batch.LogProbabilities, 1, order, TensorMemory.Floats(_host[2]));
        GatherRows<float>(batch.Values, 1, order, TensorMemory.Floats(_host[3]));
        var advantages = TensorMemory.Floats(_host[4]);
        GatherRows<float>(batch.Advantages, 1, order, advantages);
        for (var m = 0; m < _views.Length; m++)
        {
            normalize(advantages.Slice(m * _minibatchRows, _minibatchRows));
        }

        for (var i = 0; i < order.Length; i++)
        {
            advantages[i] *= batch.Weights[order[i]];
        }

        GatherRows<float>(batch.Returns, 1, order, TensorMemory.Floats(_host[5]));
        if (_device != _host)
        {
            for (var i = 0; i < _host.Length; i++)
            {
                _device[i].copy_(_host[i]);
            }
        }

        return _views;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var view in _views)
        {
            foreach (var tensor in new[] { view.Observations, view.Actions, view.LogProbabilities, view.Values, view.Advantages, view.Returns })
            {
                tensor.Dispose();
            }
        }

        // On the CPU both are the same array; disposing of a tensor twice is harmless.
        foreach (var tensor in ReferenceEquals(_device, _host) ? _host : [.. _host, .. _device])
        {
            tensor.Dispose();
        }
    }

    private Minibatch View(int index)
    {
        Tensor Rows(int column) => _device[column].narrow(0, (long)index * _minibatchRows, _minibatchRows);
        return new Minibatch(Rows(0), Rows(1), Rows(2), Rows(3), Rows(4), Rows(5));
    }

    private static void GatherRows<T>(ReadOnlySpan<T> source, int width, ReadOnlySpan<int> order, Span<T> target)
    {
        for (var i = 0; i < order.Length; i++)
        {
            source.Slice(order[i] * width, width).CopyTo(target[(i * width)..]);
        }
    }
}
