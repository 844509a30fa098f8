using Rapid.Agents.State;
using Rapid.Core;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>
/// Standard normal noise, drawn on the host whatever the device, so that a seed means the same everywhere and fits a checkpoint.
/// </summary>
internal sealed class NoiseSource : IDisposable
{
    /// <summary>Part of the run's seed: ASCII of "nois".</summary>
    internal const ulong SeedRole = 0x6E6F6973;

    private readonly Generator _random;
    private readonly Tensor _host, _device;

    /// <param name="seed">Of the run.</param>
    /// <param name="rows">B.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="device">Where the noise is wanted.</param>
    public NoiseSource(ulong seed, int rows, int columns, Device device)
    {
        _random = new Generator(RandomStream.Derive(seed, SeedRole));
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

    /// <summary>Visits the stream's state.</summary>
    public void Visit(StateBag bag) => bag.Visit("noise", _random);

    /// <inheritdoc/>
    public void Dispose()
    {
        _random.Dispose();
        _host.Dispose();
        _device.Dispose();
    }
}
