using Rapid.Policies.Encoders;

namespace Rapid.Policies.Frames;

/// <summary>The frames of N environments and what the convolutions of a policy make of them: inputs of a <see cref="PolicyInference"/>. Not
/// thread-safe.</summary>
public sealed class FrameInputs : IDisposable
{
    private readonly FrameEncoder _encoder;
    private readonly float[] _parameters, _features;

    /// <param name="layout">Of a policy that sees frames.</param>
    /// <param name="environments">N.</param>
    /// <param name="steps">Steps that fit before the buffer must be rewound.</param>
    /// <param name="threads">Threads that the convolutions use.</param>
    /// <exception cref="ArgumentException">The policy sees vectors.</exception>
    public FrameInputs(PolicyLayout layout, int environments, int steps, int threads)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (layout.Frames is null || layout.Encoder is not { } shape)
        {
            throw new ArgumentException("the policy sees vectors, which need no convolutions", nameof(layout));
        }

        Buffer = new FrameBuffer(layout.Frames, environments, steps);
        _encoder = new FrameEncoder(shape, environments, threads);
        (_parameters, _features) = (new float[shape.Length], new float[environments * shape.Features]);
    }

    /// <summary>The frames.</summary>
    public FrameBuffer Buffer { get; }

    /// <summary>Takes the weights of a snapshot.</summary>
    /// <param name="parameters">[layout.Length].</param>
    public void Load(ReadOnlySpan<float> parameters) => parameters[.._parameters.Length].CopyTo(_parameters);

    /// <summary>[N, features] at a step; good until the next call.</summary>
    public ReadOnlySpan<float> At(int step)
    {
        _encoder.Forward(Buffer.Planes(step), _parameters, _features);
        return _features;
    }

    /// <inheritdoc/>
    public void Dispose() => _encoder.Dispose();
}
