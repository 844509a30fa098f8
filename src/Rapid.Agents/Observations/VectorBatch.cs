using System.Runtime.InteropServices;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using static TorchSharp.torch;

namespace Rapid.Agents.Observations;

/// <summary>Vectors of float32, stored as they come.</summary>
/// <param name="width">Elements.</param>
internal sealed class VectorBatch(int width) : ObservationBatch
{
    private float[] _values = [];
    private int _length;

    /// <inheritdoc/>
    public override int Width => width;

    /// <inheritdoc/>
    public override ScalarType Type => ScalarType.Float32;

    /// <inheritdoc/>
    public override void Clear() => _length = 0;

    /// <inheritdoc/>
    public override void Append(Trajectory block)
    {
        var more = (int)(block.Steps * block.Environments) * width;
        Growing.Ensure(ref _values, _length, more);
        Copy(block, MemoryMarshal.AsBytes(_values.AsSpan(_length, more)));
        _length += more;
    }

    /// <inheritdoc/>
    public override void Gather(ReadOnlySpan<int> rows, Span<byte> target)
    {
        var to = MemoryMarshal.Cast<byte, float>(target);
        for (var i = 0; i < rows.Length; i++)
        {
            _values.AsSpan(rows[i] * width, width).CopyTo(to[(i * width)..]);
        }
    }

    /// <inheritdoc/>
    public override void Copy(Trajectory block, Span<byte> target)
    {
        var all = block.Floats(TrajectoryColumns.Observations, (int)block.Steps + 1, (int)block.Environments, width);
        MemoryMarshal.AsBytes(all)[..target.Length].CopyTo(target);
    }

    /// <inheritdoc/>
    public override void CopyFinals(Trajectory block, Span<byte> target)
    {
        var finals = block.Floats(TrajectoryColumns.FinalObservations, target.Length / sizeof(float) / width, width);
        MemoryMarshal.AsBytes(finals).CopyTo(target);
    }
}
