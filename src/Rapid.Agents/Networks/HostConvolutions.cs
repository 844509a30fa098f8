using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rapid.Agents.State;
using Rapid.Policies;
using Rapid.Policies.Encoders;
using static TorchSharp.torch;

namespace Rapid.Agents.Networks;

/// <summary>
/// <see cref="Convolutions"/> by <see cref="FrameEncoder"/>. Passes without gradients have an encoder of their own, so that they may come between a pass and its backward pass.
/// </summary>
internal sealed class HostConvolutions : Convolutions
{
    // Rows of a pass without gradients, which large batches are cut into.
    private const int InferenceRows = 64;

    private readonly EncoderShape _shape;
    private readonly Tensor _parameters, _gradients;
    private readonly FrameEncoder _inference;
    private readonly Tape _tape;
    private FrameEncoder? _learning;
    private nint[] _planes = [];
    private int _capacity;

    public HostConvolutions(PolicyLayout layout, Tensor parameters, Tensor gradients, Tape tape)
    {
        (_shape, _parameters, _gradients, _tape) = (layout.Encoder!, parameters, gradients, tape);
        _inference = new FrameEncoder(_shape, InferenceRows, get_num_threads());
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor observations)
    {
        var rows = (int)observations.shape[0];
        var features = zeros(rows, _shape.Features);
        Address(observations);
        if (is_grad_enabled())
        {
            if (rows > _capacity)
            {
                _learning?.Dispose();
                (_learning, _capacity) = (new FrameEncoder(_shape, rows, get_num_threads(), training: true), rows);
            }

            _learning!.Forward(_planes.AsSpan(0, rows * _shape.Planes), Parameters, TensorMemory.Floats(features), forBackward: true);
            features.requires_grad = true;
            _tape.Record(this, () => Backward(features));
        }
        else
        {
            var output = TensorMemory.Floats(features);
            for (var row = 0; row < rows; row += InferenceRows)
            {
                var count = Math.Min(InferenceRows, rows - row);
                _inference.Forward(
                    _planes.AsSpan(row * _shape.Planes, count * _shape.Planes), Parameters,
                    output.Slice(row * _shape.Features, count * _shape.Features));
            }
        }

        return features;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _inference.Dispose();
        _learning?.Dispose();
    }

    private ReadOnlySpan<float> Parameters => TensorMemory.Floats(_parameters)[.._shape.Length];

    private void Backward(Tensor features)
    {
        using var gradient = features.grad!;
        _learning!.Backward(Parameters, TensorMemory.Floats(gradient), TensorMemory.Floats(_gradients)[.._shape.Length]);
    }

    /// <summary>Each plane of each observation lies behind the one before it.</summary>
    private unsafe void Address(Tensor observations)
    {
        var bytes = observations.bytes;
        var first = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
        var pixels = _shape.Height * _shape.Width;
        var count = bytes.Length / pixels;
        if (_planes.Length < count)
        {
            _planes = new nint[count];
        }

        for (var i = 0; i < count; i++)
        {
            _planes[i] = first + i * pixels;
        }
    }
}
