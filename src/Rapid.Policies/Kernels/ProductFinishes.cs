using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Rapid.Protocol.Specs;

namespace Rapid.Policies.Kernels;

/// <summary>Stores a product as it is.</summary>
internal readonly unsafe struct Overwrite(MatrixView target) : IProductFinish
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Expect(nint row, int column, int count) => target.Prefetch(row, column, count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Store(float* sums, nint row, int column, int count) =>
        new ReadOnlySpan<float>(sums, count).CopyTo(new Span<float>(target.Row(row) + column, count));
}

/// <summary>Adds a product to what is there.</summary>
internal readonly unsafe struct Accumulate(MatrixView target) : IProductFinish
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Expect(nint row, int column, int count) => target.Prefetch(row, column, count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Store(float* sums, nint row, int column, int count)
    {
        var to = new Span<float>(target.Row(row) + column, count);
        TensorPrimitives.Add(to, new ReadOnlySpan<float>(sums, count), to);
    }
}

/// <summary>Stores activation(sum + bias); null activation: the sum of both.</summary>
internal readonly unsafe struct BiasAndActivation(MatrixView target, float* biases, Activation? activation) : IProductFinish
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Expect(nint row, int column, int count) => target.Prefetch(row, column, count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Store(float* sums, nint row, int column, int count)
    {
        var to = target.Row(row) + column;
        var bias = biases + column;
        var j = 0;
        if (activation == Activation.Relu)
        {
            for (; j <= count - Vector<float>.Count; j += Vector<float>.Count)
            {
                var value = Vector.Load(sums + j) + Vector.Load(bias + j);

                // NaN is not less than zero, and so stays.
                Vector.ConditionalSelect(Vector.LessThan(value, Vector<float>.Zero), Vector<float>.Zero, value).Store(to + j);
            }
        }

        for (; j < count; j++)
        {
            var value = sums[j] + bias[j];
            to[j] = activation == Activation.Relu && value < 0 ? 0 : value;
        }

        if (activation == Activation.Tanh)
        {
            var stored = new Span<float>(to, count);
            TensorPrimitives.Tanh(stored, stored);
        }
    }
}

/// <summary>Stores the sum times the activation's derivative where the forward pass had the given outputs: 1 - tanh^2, or 1 where a
/// rectifier is open.</summary>
internal readonly unsafe struct TimesDerivative(MatrixView target, MatrixView outputs, Activation activation) : IProductFinish
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Expect(nint row, int column, int count)
    {
        target.Prefetch(row, column, count);
        outputs.Prefetch(row, column, count);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Store(float* sums, nint row, int column, int count)
    {
        var to = target.Row(row) + column;
        var output = outputs.Row(row) + column;
        var j = 0;
        for (; j <= count - Vector<float>.Count; j += Vector<float>.Count)
        {
            var (sum, y) = (Vector.Load(sums + j), Vector.Load(output + j));

            // A closed rectifier's output is 0 and an unknown one's NaN: each is the factor that it needs.
            var derivative = activation == Activation.Tanh
                ? Vector<float>.One - y * y
                : Vector.ConditionalSelect(Vector.GreaterThan(y, Vector<float>.Zero), Vector<float>.One, y);
            (sum * derivative).Store(to + j);
        }

        for (; j < count; j++)
        {
            var y = output[j];
            to[j] = sums[j] * (activation == Activation.Tanh ? 1 - y * y : y > 0 ? 1 : y);
        }
    }
}
