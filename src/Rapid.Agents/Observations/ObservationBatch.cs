using Rapid.Policies;
using Rapid.Protocol.V1;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.Observations;

/// <summary>The observations of an on-policy batch as the network takes them, gathered from blocks. Not thread-safe.</summary>
public abstract class ObservationBatch
{
    /// <summary>For a policy's kind of observations.</summary>
    public static ObservationBatch Create(PolicyLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return layout.Frames is { } frames ? new FrameBatch(frames) : new VectorBatch(layout.ObservationSize);
    }

    /// <summary>Elements of an observation as the network takes it.</summary>
    public abstract int Width { get; }

    /// <summary>Type of the elements.</summary>
    public abstract ScalarType Type { get; }

    /// <summary>Empties the batch.</summary>
    public abstract void Clear();

    /// <summary>Adds the T * N observations that were acted on, in (step, environment) order.</summary>
    /// <exception cref="InvalidDataException">A column is missing or has another type or shape.</exception>
    public abstract void Append(Trajectory block);

    /// <summary>Copies rows of the batch.</summary>
    /// <param name="rows">[n], numbers of rows.</param>
    /// <param name="target">[n, <see cref="Width"/>] elements as bytes.</param>
    public abstract void Gather(ReadOnlySpan<int> rows, Span<byte> target);

    /// <summary>Copies the first observations of a block, which need not be in the batch.</summary>
    /// <param name="block">[T + 1, N] observations.</param>
    /// <param name="target">As many rows of <see cref="Width"/> elements as are wanted, as bytes.</param>
    /// <exception cref="InvalidDataException">A column is missing or has another type or shape.</exception>
    public abstract void Copy(Trajectory block, Span<byte> target);

    /// <summary>Copies the final observations of a block's truncated steps.</summary>
    /// <param name="block">With K truncated steps.</param>
    /// <param name="target">[K, <see cref="Width"/>] elements as bytes.</param>
    /// <exception cref="InvalidDataException">A column is missing or has another type or shape.</exception>
    public abstract void CopyFinals(Trajectory block, Span<byte> target);

    /// <summary>A tensor on the host for so many observations.</summary>
    public Tensor Allocate(long rows) => zeros(rows, Width, dtype: Type);

    /// <summary>[(T + 1) * N, obs] of a block.</summary>
    /// <exception cref="InvalidDataException">A column is missing or has another type or shape.</exception>
    public Tensor All(Trajectory block)
    {
        ArgumentNullException.ThrowIfNull(block);
        var all = Allocate((block.Steps + 1L) * block.Environments);
        Copy(block, all.bytes);
        return all;
    }

    /// <summary>[K, obs], the final observations of a block's K truncated steps.</summary>
    /// <exception cref="InvalidDataException">A column is missing or has another type or shape.</exception>
    public Tensor Finals(Trajectory block, int count)
    {
        var finals = Allocate(count);
        CopyFinals(block, finals.bytes);
        return finals;
    }
}
