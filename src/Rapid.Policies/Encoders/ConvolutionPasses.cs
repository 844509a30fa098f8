using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rapid.Policies.Kernels;
using Rapid.Protocol.Specs;

namespace Rapid.Policies.Encoders;

/// <summary>
/// The three products of a convolution with a rectifier behind it, over N inputs one after the other in memory. Outputs are [N, positions,
/// channels]. Gradients of outputs ("deltas") are [groups of filters, N, positions, width], panels of the products to come; behind the
/// last filter they hold zeros. Every element of an output is a sum in an order that does not depend on its place in a tile.
/// </summary>
internal sealed unsafe class ConvolutionPasses : IDisposable
{
    private readonly TileKernel _kernel;
    private readonly int _height, _width;
    private readonly PatchGeometry _geometry;

    /// <param name="layer">Sizes.</param>
    /// <param name="planar">Whether the input are frames, [height, planes, width].</param>
    /// <param name="kernel">The products' innermost loop.</param>
    /// <param name="backward">Whether the gradient of the input is ever wanted.</param>
    public ConvolutionPasses(EncoderLayer layer, bool planar, TileKernel kernel, bool backward)
    {
        (Layer, _kernel, _height, _width) = (layer, kernel, kernel.Rows, kernel.Columns);
        _geometry = new PatchGeometry(layer, planar);
        Filters = new FilterPanels(layer, _geometry, kernel.Columns, backward);
        PanelRows = (layer.PatchSize + _height - 1) / _height * _height;
    }

    /// <summary>Sizes.</summary>
    public EncoderLayer Layer { get; }

    /// <summary>Weights.</summary>
    public FilterPanels Filters { get; }

    /// <summary>Patches of an input.</summary>
    public int Positions => _geometry.Positions;

    /// <summary>Elements of an input.</summary>
    public int InputSize => _geometry.InputSize;

    /// <summary>Elements of an output.</summary>
    public int OutputSize => Positions * Layer.Channels;

    /// <summary>Elements of an output's delta.</summary>
    public int DeltaSize => Positions * Filters.Groups * _width;

    /// <summary>Rows of a panel of the weights' gradient: the patch's elements in whole tiles.</summary>
    public int PanelRows { get; }

    /// <summary>Elements of the weights' gradient in panels, [groups, PanelRows, width].</summary>
    public int PanelsSize => Filters.Groups * PanelRows * _width;

    /// <summary>Outputs of some positions.</summary>
    /// <param name="input">[N, input].</param>
    /// <param name="first">First of the N x positions.</param>
    /// <param name="end">End of the positions.</param>
    /// <param name="output">[N, positions, channels].</param>
    /// <param name="tile">A tile.</param>
    public void Forward(float* input, int first, int end, float* output, float* tile)
    {
        var rows = stackalloc float*[_height];
        var target = new BiasAndActivation(new MatrixView(output, Layer.Channels), Filters.Biases, Activation.Relu);
        for (var group = 0; group < Filters.Groups; group++)
        {
            var panel = Filters.Forward(group);
            var column = group * _width;
            var count = Math.Min(_width, Layer.Channels - column);
            var place = new Place(_geometry, first);
            for (var position = first; position < end; position += _height)
            {
                var wanted = Math.Min(_height, end - position);
                for (var i = 0; i < _height; i++)
                {
                    // The last tile reads its last patch again where it has none; what comes of it is not stored.
                    rows[i] = input + place.Start;
                    if (i < wanted - 1)
                    {
                        place.MoveOn();
                    }
                }

                place.MoveOn();
                _kernel.Compute(rows, _geometry.Forward, panel, tile);
                for (var i = 0; i < wanted; i++)
                {
                    target.Store(tile + i * _width, position + i, column, count);
                }
            }
        }
    }

    /// <summary>Adds the gradient of weights and biases for some of N inputs. A tile stays in registers for all of them, which is faster
    /// than one input at a time unless they are too many for the cache.</summary>
    /// <param name="input">[count, input].</param>
    /// <param name="deltas">[groups, inputs, positions, width], of N inputs.</param>
    /// <param name="first">First of those that are added.</param>
    /// <param name="count">How many are added.</param>
    /// <param name="inputs">N.</param>
    /// <param name="panels">[groups, PanelRows, width].</param>
    /// <param name="biases">[groups, width].</param>
    public void AddWeightGradient(float* input, float* deltas, int first, int count, int inputs, float* panels, float* biases)
    {
        var rows = stackalloc float*[_height];
        var path = _geometry.OverPositions with { Blocks = count, BlockJump = InputSize };
        for (var group = 0; group < Filters.Groups; group++)
        {
            var delta = deltas + ((nint)group * inputs + first) * Positions * _width;
            AddColumns(delta, count * Positions, biases + group * _width);
            for (var r = 0; r < PanelRows; r += _height)
            {
                for (var i = 0; i < _height; i++)
                {
                    rows[i] = input + _geometry.Elements[Math.Min(r + i, Layer.PatchSize - 1)];
                }

                var tile = panels + ((nint)group * PanelRows + r) * _width;
                _kernel.Compute(rows, path, delta, tile, accumulate: true);
            }
        }
    }

    /// <summary>Adds the gradient of the inputs.</summary>
    /// <param name="deltas">[groups, inputs, positions, width], of N inputs.</param>
    /// <param name="inputs">N.</param>
    /// <param name="gradient">[N, input].</param>
    /// <param name="tile">A tile.</param>
    public void AddInputGradient(float* deltas, int inputs, float* gradient, float* tile)
    {
        var rows = stackalloc float*[_height];
        var positions = inputs * Positions;
        var path = Filters.Groups == 1
            ? new LeftPath(Filters.Inner)
            : new LeftPath(_width, 1, Filters.Groups, (nint)positions * _width);
        for (var run = 0; run < _geometry.Runs; run++)
        {
            for (var part = 0; part < Filters.RunParts; part++)
            {
                var panel = Filters.Backward(run, part);
                var element = part * _width;
                var count = Math.Min(_width, _geometry.RunLength - element);
                var target = gradient + run * _geometry.Line + element;
                var place = new Place(_geometry, 0);
                for (var position = 0; position < positions; position += _height)
                {
                    for (var i = 0; i < _height; i++)
                    {
                        rows[i] = deltas + (nint)Math.Min(position + i, positions - 1) * _width;
                    }

                    _kernel.Compute(rows, path, panel, tile);
                    for (var i = 0; i < Math.Min(_height, positions - position); i++, place.MoveOn())
                    {
                        Add(tile + i * _width, target + place.Start, count);
                    }
                }
            }
        }
    }

    /// <summary>Makes deltas of an outputs' gradient: zero where the rectifier was closed.</summary>
    /// <param name="gradient">[positions, channels] of one output.</param>
    /// <param name="output">[positions, channels], as the forward pass left it.</param>
    /// <param name="deltas">[groups, inputs, positions, width], of N inputs.</param>
    /// <param name="index">Which of the N.</param>
    /// <param name="inputs">N.</param>
    public void Rectify(float* gradient, float* output, float* deltas, int index, int inputs)
    {
        for (var group = 0; group < Filters.Groups; group++)
        {
            var column = group * _width;
            var count = Math.Min(_width, Layer.Channels - column);
            var target = deltas + ((nint)group * inputs + index) * Positions * _width;
            for (var position = 0; position < Positions; position++, target += _width)
            {
                var from = gradient + (nint)position * Layer.Channels + column;
                var state = output + (nint)position * Layer.Channels + column;
                var j = 0;
                for (; j <= count - Vector256<float>.Count; j += Vector256<float>.Count)
                {
                    // A closed rectifier's output is 0 and an unknown one's NaN: each is the gradient that it needs.
                    var y = Vector256.Load(state + j);
                    var open = Vector256.GreaterThan(y, Vector256<float>.Zero);
                    Vector256.ConditionalSelect(open, Vector256.Load(from + j), y).Store(target + j);
                }

                for (; j < _width; j++)
                {
                    target[j] = j >= count ? 0 : state[j] > 0 ? from[j] : state[j];
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Filters.Dispose();

    /// <summary>Adds the rows of deltas. Four sums at a time, because each addition waits for the one before.</summary>
    private void AddColumns(float* delta, int rows, float* sums)
    {
        for (var j = 0; j < _width; j += Vector256<float>.Count)
        {
            Vector256<float> sum0 = Vector256.Load(sums + j), sum1 = default, sum2 = default, sum3 = default;
            var row = delta + j;
            var i = 0;
            for (; i <= rows - 4; i += 4, row += 4 * _width)
            {
                sum0 += Vector256.Load(row);
                sum1 += Vector256.Load(row + _width);
                sum2 += Vector256.Load(row + 2 * _width);
                sum3 += Vector256.Load(row + 3 * _width);
            }

            for (; i < rows; i++, row += _width)
            {
                sum0 += Vector256.Load(row);
            }

            (sum0 + sum1 + (sum2 + sum3)).Store(sums + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* from, float* to, int count)
    {
        var j = 0;
        for (; j <= count - Vector256<float>.Count; j += Vector256<float>.Count)
        {
            (Vector256.Load(to + j) + Vector256.Load(from + j)).Store(to + j);
        }

        for (; j < count; j++)
        {
            to[j] += from[j];
        }
    }

    /// <summary>Goes through the patches of input after input.</summary>
    private struct Place
    {
        private readonly PatchGeometry _geometry;
        private nint _input;
        private int _position;

        public Place(PatchGeometry geometry, int first)
        {
            (_geometry, _position) = (geometry, first % geometry.Positions);
            _input = (nint)(first / geometry.Positions) * geometry.InputSize;
        }

        /// <summary>Where the patch begins.</summary>
        public readonly nint Start => _input + _geometry.Starts[_position];

        public void MoveOn()
        {
            if (++_position == _geometry.Positions)
            {
                _position = 0;
                _input += _geometry.InputSize;
            }
        }
    }
}
