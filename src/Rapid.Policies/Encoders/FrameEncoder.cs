using System.Numerics.Tensors;
using Rapid.Core;
using Rapid.Policies.Kernels;

namespace Rapid.Policies.Encoders;

/// <summary>
/// Evaluates an <see cref="EncoderShape"/> on the CPU without libtorch, and goes back through it. One pass at a time.
/// </summary>
/// <remarks>
/// <para>
/// A frame is read where it lies: an observation is the addresses of its planes, so that frames that several stacks share are stored once.
/// No patches are copied; the products walk through lines of the layers' inputs (<see cref="PatchGeometry"/>), and a backward pass
/// multiplies and then adds runs of patches where they came from. Nothing is allocated per pass.
/// </para>
/// <para>
/// The features of an observation have the same bits whatever is beside it in the batch and however many threads there are. So have the
/// gradients for every number of threads: a batch has a fixed number of parts, and their gradients are added in order.
/// </para>
/// <para>
/// Native memory: for training 4 bytes per row and activation of all layers (84 480 bytes a row for <c>nature</c> on 84x84), and the
/// parameters for each of up to 16 parts of the batch (5 MB); per thread a few rows' activations and gradients (1 MB).
/// </para>
/// </remarks>
public sealed unsafe class FrameEncoder : IDisposable
{
    // Parts of a batch that have a gradient of their own: as many threads can work on a backward pass. Each costs memory and an addition of
    // all parameters, which eight rows outweigh.
    private const int MaximumParts = 16, RowsPerPart = 8;

    private readonly ConvolutionPasses[] _passes;
    private readonly EncoderWorkspace[] _workspaces;
    private readonly NativeFloats[] _outputs; // of each layer [rows, positions, channels], for the backward pass
    private readonly NativeFloats[] _panels, _biases; // of each layer [parts, ...], gradients
    private readonly int _tiles; // positions of the first layer between two looks at its frames
    private readonly nint[] _planes; // of this pass
    private readonly nint[] _keptPlanes;
    private readonly WorkerTeam? _team;
    private readonly bool _training;
    private int _rows, _keptRows = -1;
    private bool _goingBack, _keeping, _disposed;
    private float* _features; // of this pass: output, or its gradient

    /// <summary>Allocates for batches of a size.</summary>
    /// <param name="shape">Layers.</param>
    /// <param name="maximumRows">Greatest number of observations in a pass.</param>
    /// <param name="threads">Threads of a pass, the caller's included.</param>
    /// <param name="training">Whether there are backward passes.</param>
    /// <exception cref="ArgumentOutOfRangeException">Rows or threads are less than 1.</exception>
    public FrameEncoder(EncoderShape shape, int maximumRows, int threads = 1, bool training = false)
        : this(shape, maximumRows, threads, training, TileKernel.Best)
    {
    }

    /// <summary>The same with a kernel that need not be the fastest.</summary>
    internal FrameEncoder(EncoderShape shape, int maximumRows, int threads, bool training, TileKernel kernel)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumRows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (Shape, MaximumRows, _training, _tiles) = (shape, maximumRows, training, 4 * kernel.Rows);
        _passes = [.. shape.Layers.Select((layer, index) => new ConvolutionPasses(layer, index == 0, kernel, training && index > 0))];
        _workspaces = [.. Enumerable.Range(0, threads).Select(_ => new EncoderWorkspace(shape, _passes, kernel, training))];
        var (kept, parts) = training ? ((long)maximumRows, (long)Parts(maximumRows)) : (0, 0);
        _outputs = [.. _passes.Select(pass => new NativeFloats(kept * pass.OutputSize))];
        _panels = [.. _passes.Select(pass => new NativeFloats(parts * pass.PanelsSize))];
        _biases = [.. _passes.Select(pass => new NativeFloats(parts * pass.Filters.Groups * kernel.Columns))];
        _planes = new nint[maximumRows * shape.Planes];
        _keptPlanes = training ? new nint[_planes.Length] : [];
        _team = threads > 1 ? new WorkerTeam(threads, RunPart) : null;
        Columns = kernel.Columns;
    }

    /// <summary>Layers.</summary>
    public EncoderShape Shape { get; }

    /// <summary>Greatest number of observations in a pass.</summary>
    public int MaximumRows { get; }

    private int Columns { get; }

    /// <summary>Evaluates observations.</summary>
    /// <param name="planes">[B, planes], oldest frame first: addresses of [height, width] bytes, 0 to 255. They must stay as they are until
    /// the pass is done; with <paramref name="forBackward"/> until the backward pass is.</param>
    /// <param name="parameters">[<see cref="EncoderShape.Length"/>].</param>
    /// <param name="features">[B, <see cref="EncoderShape.Features"/>], overwritten: [channels, height, width] of each observation.</param>
    /// <param name="forBackward">Keeps what <see cref="Backward"/> needs. Passes without do not touch what is kept.</param>
    /// <exception cref="ArgumentException">A length does not fit, or there are more rows than the encoder was made for.</exception>
    /// <exception cref="InvalidOperationException">A backward pass is wanted of an encoder that was not made for training.</exception>
    public void Forward(ReadOnlySpan<nint> planes, ReadOnlySpan<float> parameters, Span<float> features, bool forBackward = false)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckTraining(forBackward);
        var rows = planes.Length / Shape.Planes;
        if (rows > MaximumRows || rows * Shape.Planes != planes.Length)
        {
            throw new ArgumentException(
                $"{planes.Length} planes are not those of at most {MaximumRows} observations of {Shape.Planes}", nameof(planes));
        }

        CheckLength(parameters.Length, Shape.Length, nameof(parameters));
        CheckLength(features.Length, (long)rows * Shape.Features, nameof(features));
        planes.CopyTo(_planes);
        (_rows, _goingBack, _keeping) = (rows, false, forBackward);
        if (forBackward)
        {
            planes.CopyTo(_keptPlanes);
            _keptRows = rows;
        }

        fixed (float* flat = parameters, target = features)
        {
            Pack(flat, backward: false);
            _features = target;
            Run();
        }

        GC.KeepAlive(this); // whose buffers would otherwise be finalized while only their addresses are in use
    }

    /// <summary>Goes back from the gradient of the features of the last forward pass that was kept.</summary>
    /// <param name="parameters">As in that pass.</param>
    /// <param name="featureGradient">[B, <see cref="EncoderShape.Features"/>].</param>
    /// <param name="gradients">[<see cref="EncoderShape.Length"/>], overwritten with the gradient of the parameters.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="InvalidOperationException">No pass was kept.</exception>
    public void Backward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> featureGradient, Span<float> gradients)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckTraining(true);
        if (_keptRows < 0)
        {
            throw new InvalidOperationException("a backward pass needs a forward pass with forBackward before it");
        }

        CheckLength(parameters.Length, Shape.Length, nameof(parameters));
        CheckLength(featureGradient.Length, (long)_keptRows * Shape.Features, nameof(featureGradient));
        CheckLength(gradients.Length, Shape.Length, nameof(gradients));
        (_rows, _goingBack) = (_keptRows, true);
        fixed (float* flat = parameters, from = featureGradient, to = gradients)
        {
            Pack(flat, backward: true);
            _features = from;
            Run();
            for (var layer = 0; layer < _passes.Length; layer++)
            {
                var pass = _passes[layer];
                var biasesSize = pass.Filters.Groups * Columns;
                AddParts(_panels[layer].Data, pass.PanelsSize);
                AddParts(_biases[layer].Data, biasesSize);
                pass.Filters.Unpack(_panels[layer].Data, pass.PanelRows, _biases[layer].Data, to);
            }
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _team?.Dispose();
        foreach (var owned in _passes.AsEnumerable<IDisposable>().Concat(_workspaces).Concat(_outputs).Concat(_panels).Concat(_biases))
        {
            owned.Dispose();
        }
    }

    /// <summary>Parts of a batch; depends on its size alone.</summary>
    private static int Parts(int rows) => Math.Clamp(rows / RowsPerPart, 1, MaximumParts);

    private static void CheckLength(long actual, long expected, string name)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"{actual} elements where {expected} are expected", name);
        }
    }

    private void CheckTraining(bool wanted)
    {
        if (wanted && !_training)
        {
            throw new InvalidOperationException("this encoder was not made for training and keeps nothing for a backward pass");
        }
    }

    private void Pack(float* parameters, bool backward)
    {
        foreach (var pass in _passes)
        {
            pass.Filters.Pack(parameters, backward);
        }
    }

    private void Run()
    {
        if (_team is null)
        {
            RunPart(0, 1);
        }
        else
        {
            _team.Run();
        }
    }

    private void RunPart(int thread, int threads)
    {
        var workspace = _workspaces[thread];
        if (!_goingBack)
        {
            ForwardRows(workspace, (int)((long)_rows * thread / threads), (int)((long)_rows * (thread + 1) / threads));
            return;
        }

        for (var part = thread; part < Parts(_rows); part += threads)
        {
            BackwardPart(workspace, part);
        }
    }

    private void ForwardRows(EncoderWorkspace workspace, int first, int end)
    {
        for (var row = first; row < end; row += EncoderWorkspace.Rows)
        {
            var count = Math.Min(EncoderWorkspace.Rows, end - row);
            for (var i = 0; i < count; i++)
            {
                ForwardFrames(workspace, row + i, Outputs(workspace, 0, row) + (nint)i * _passes[0].OutputSize);
            }

            for (var layer = 1; layer < _passes.Length; layer++)
            {
                var pass = _passes[layer];
                pass.Forward(Outputs(workspace, layer - 1, row), 0, count * pass.Positions, Outputs(workspace, layer, row), workspace.Tile);
            }

            var last = _passes[^1];
            var outputs = Outputs(workspace, _passes.Length - 1, row);
            for (var i = 0; i < count; i++)
            {
                var features = _features + (nint)(row + i) * Shape.Features;
                Panel.Transpose(outputs + (nint)i * last.OutputSize, last.Layer.Channels, last.Positions, last.Layer.Channels, features);
            }
        }
    }

    /// <summary>The first layer for one observation. Lines are widened right before the products that need them, so that these find them in
    /// the nearest cache.</summary>
    private void ForwardFrames(EncoderWorkspace workspace, int row, float* output)
    {
        var pass = _passes[0];
        var (kernel, stride) = (pass.Layer.Convolution.Kernel, pass.Layer.Convolution.Stride);
        var widened = 0;
        fixed (nint* planes = &_planes[row * Shape.Planes])
        {
            for (var position = 0; position < pass.Positions; position += _tiles)
            {
                var end = Math.Min(position + _tiles, pass.Positions);
                var needed = (end - 1) / pass.Layer.OutputWidth * stride + kernel;
                FrameLines.Widen(Shape, planes, widened, needed, workspace.Lines);
                widened = Math.Max(widened, needed);
                pass.Forward(workspace.Lines, position, end, output, workspace.Tile);
            }
        }
    }

    private void BackwardPart(EncoderWorkspace workspace, int part)
    {
        var parts = Parts(_rows);
        var (first, end) = ((int)((long)_rows * part / parts), (int)((long)_rows * (part + 1) / parts));
        for (var layer = 0; layer < _passes.Length; layer++)
        {
            new Span<float>(Panels(layer, part), _passes[layer].PanelsSize).Clear();
            new Span<float>(Biases(layer, part), _passes[layer].Filters.Groups * Columns).Clear();
        }

        for (var row = first; row < end; row += EncoderWorkspace.Rows)
        {
            BackwardRows(workspace, part, row, Math.Min(EncoderWorkspace.Rows, end - row));
        }
    }

    private void BackwardRows(EncoderWorkspace workspace, int part, int row, int count)
    {
        var last = _passes[^1];
        for (var i = 0; i < count; i++)
        {
            var features = _features + (nint)(row + i) * Shape.Features;
            Panel.Transpose(features, last.Positions, last.Layer.Channels, last.Positions, workspace.Gradient);
            last.Rectify(workspace.Gradient, Kept(_passes.Length - 1, row + i), workspace.Deltas, i, count);
        }

        float* deltas = workspace.Deltas, below = workspace.DeltasBelow;
        for (var layer = _passes.Length - 1; layer > 0; layer--)
        {
            var (pass, from) = (_passes[layer], _passes[layer - 1]);
            pass.AddWeightGradient(Kept(layer - 1, row), deltas, 0, count, count, Panels(layer, part), Biases(layer, part));
            new Span<float>(workspace.Gradient, count * pass.InputSize).Clear();
            pass.AddInputGradient(deltas, count, workspace.Gradient, workspace.Tile);
            for (var i = 0; i < count; i++)
            {
                from.Rectify(workspace.Gradient + (nint)i * from.OutputSize, Kept(layer - 1, row + i), below, i, count);
            }

            var free = deltas;
            deltas = below;
            below = free;
        }

        for (var i = 0; i < count; i++)
        {
            fixed (nint* planes = &_keptPlanes[(row + i) * Shape.Planes])
            {
                FrameLines.Widen(Shape, planes, 0, Shape.Height, workspace.Lines);
            }

            _passes[0].AddWeightGradient(workspace.Lines, deltas, i, 1, count, Panels(0, part), Biases(0, part));
        }
    }

    /// <summary>Adds the gradients of all parts to those of the first.</summary>
    private void AddParts(float* gradients, int size)
    {
        var sum = new Span<float>(gradients, size);
        for (var part = 1; part < Parts(_rows); part++)
        {
            TensorPrimitives.Add(sum, new ReadOnlySpan<float>(gradients + (nint)part * size, size), sum);
        }
    }

    /// <summary>[Rows, positions, channels] of a layer from a row on, where they are kept or in the workspace.</summary>
    private float* Outputs(EncoderWorkspace workspace, int layer, int row) => _keeping ? Kept(layer, row) : workspace.Outputs(layer);

    private float* Kept(int layer, int row) => _outputs[layer].Data + (nint)row * _passes[layer].OutputSize;

    private float* Panels(int layer, int part) => _panels[layer].Data + (nint)part * _passes[layer].PanelsSize;

    private float* Biases(int layer, int part) => _biases[layer].Data + (nint)part * _passes[layer].Filters.Groups * Columns;
}
