using Rapid.Agents.State;
using static TorchSharp.torch;

namespace Rapid.Agents.OffPolicy;

/// <summary>
/// Standard normal noise, drawn on the host whatever the device, so that a seed means the same everywhere and fits a checkpoint.
/// </summary>
internal sealed class NoiseSource : IDisposable
{
    private readonly Generator _random;
    private readonly Tensor _host, _device;

    /// <param name="seed">Of the stream.</param>
    /// <param name="rows">B.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="device">Where the noise is wanted.</param>
    public NoiseSource(ulong seed, int rows, int columns, Device device)
    {
        _random = new Generator(seed);
        _host = zeros(rows, columns);
        _device = device.type == TorchSharp.DeviceType.CPU ? _host : zeros(rows, columns, device: device);
    }

    /// <summary>[rows, columns], until the next draw.</summary>
    public Tensor Draw()
    {
        _host.normal_(0, 1, _random);
        if (!ReferenceEquals(_host, _device))
        {
            _device.copy_(_host, true);
        }

        return _device;
    }

    /// <summary>Adds the stream's state to a checkpoint.</summary>
    public void Save(IDictionary<string, TensorData> tensors)
    {
        using var state = _random.get_state();
        tensors["noise"] = new TensorData("U8", state.shape, state.bytes.ToArray());
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public void Load(IReadOnlyDictionary<string, TensorData> tensors)
    {
        using var state = tensor(tensors["noise"].Bytes.ToArray());
        _random.set_state(state);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _random.Dispose();
        _host.Dispose();
        _device.Dispose();
    }
}
