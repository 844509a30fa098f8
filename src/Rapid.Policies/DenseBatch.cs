using Rapid.Policies.Kernels;
using Rapid.Protocol.Specs;

namespace Rapid.Policies;

/// <summary>
/// A fully connected layer for a handful of observations at a time: y = activation(x W^T + b). Weights are brought into the order of the
/// product once per snapshot. One row takes about as long as eight, a whole tile. The bits of a row do not depend on the others. Not
/// thread-safe; nothing is allocated per pass.
/// </summary>
public sealed unsafe class DenseBatch : IDisposable
{
    private readonly Activation? _activation;
    private readonly TileKernel _kernel;
    private readonly int _groups;
    private readonly NativeFloats _panels, _biases, _tile; // [groups, inputs, width], [outputs], a tile

    /// <summary>Allocates; weights are zero until <see cref="Load"/>.</summary>
    /// <param name="inputs">Elements of a row of x.</param>
    /// <param name="outputs">Elements of a row of y.</param>
    /// <param name="activation">Null: none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is less than 1.</exception>
    public DenseBatch(int inputs, int outputs, Activation? activation = null)
        : this(inputs, outputs, activation, TileKernel.Best)
    {
    }

    /// <summary>The same with a kernel that need not be the fastest.</summary>
    internal DenseBatch(int inputs, int outputs, Activation? activation, TileKernel kernel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        (Inputs, Outputs, _activation, _kernel) = (inputs, outputs, activation, kernel);
        _groups = (outputs + kernel.Columns - 1) / kernel.Columns;
        _panels = new NativeFloats((long)_groups * inputs * kernel.Columns);
        _biases = new NativeFloats(outputs);
        _tile = new NativeFloats(kernel.Rows * kernel.Columns);
    }

    /// <summary>Elements of a row of x.</summary>
    public int Inputs { get; }

    /// <summary>Elements of a row of y.</summary>
    public int Outputs { get; }

    /// <summary>Takes the weights of a snapshot.</summary>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[outputs].</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public void Load(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
    {
        ObjectDisposedException.ThrowIf(_panels.Data is null, this);
        if (weight.Length != (long)Outputs * Inputs || bias.Length != Outputs)
        {
            throw new ArgumentException(
                $"{weight.Length} weights and {bias.Length} biases do not fit a layer of {Outputs} x {Inputs}", nameof(weight));
        }

        bias.CopyTo(new Span<float>(_biases.Data, Outputs));
        fixed (float* data = weight)
        {
            var transposed = new MatrixView(data, Inputs).Transposed;
            for (var group = 0; group < _groups; group++)
            {
                var column = group * _kernel.Columns;
                Panel.Pack(transposed, Inputs, column, Math.Min(_kernel.Columns, Outputs - column), Weights(group), _kernel.Columns);
            }
        }

        GC.KeepAlive(this); // whose buffers would otherwise be finalized while only their addresses are in use
    }

    /// <summary>Evaluates rows.</summary>
    /// <param name="input">[n, inputs].</param>
    /// <param name="output">[n, outputs], overwritten.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public void Forward(ReadOnlySpan<float> input, Span<float> output)
    {
        ObjectDisposedException.ThrowIf(_panels.Data is null, this);
        var count = input.Length / Inputs;
        if ((long)count * Inputs != input.Length || (long)count * Outputs != output.Length)
        {
            throw new ArgumentException(
                $"inputs of {input.Length} and outputs of {output.Length} elements are not rows of {Inputs} and {Outputs}", nameof(input));
        }

        var rows = stackalloc float*[_kernel.Rows];
        fixed (float* from = input, to = output)
        {
            var target = new BiasAndActivation(new MatrixView(to, Outputs), _biases.Data, _activation);
            for (var group = 0; group < _groups; group++)
            {
                var column = group * _kernel.Columns;
                for (var row = 0; row < count; row += _kernel.Rows)
                {
                    for (var i = 0; i < _kernel.Rows; i++)
                    {
                        // The last tile reads its last row again where it has none; what comes of it is not stored.
                        rows[i] = from + (nint)Math.Min(row + i, count - 1) * Inputs;
                    }

                    _kernel.Compute(rows, new LeftPath(Inputs), Weights(group), _tile.Data);
                    for (var i = 0; i < Math.Min(_kernel.Rows, count - row); i++)
                    {
                        target.Store(_tile.Data + i * _kernel.Columns, row + i, column, Math.Min(_kernel.Columns, Outputs - column));
                    }
                }
            }
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _panels.Dispose();
        _biases.Dispose();
        _tile.Dispose();
    }

    private float* Weights(int group) => _panels.Data + (nint)group * Inputs * _kernel.Columns;
}
