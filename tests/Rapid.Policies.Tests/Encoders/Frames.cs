using System.Runtime.InteropServices;
using Rapid.Policies.Encoders;
using Rapid.Policies.Kernels;

namespace Rapid.Policies.Tests.Encoders;

/// <summary>Observations of random bytes in native memory, each plane at an address of its own, and random parameters.</summary>
internal sealed unsafe class Frames : IDisposable
{
    private readonly byte* _memory;

    public Frames(EncoderShape shape, int rows, int seed)
    {
        (Shape, Rows) = (shape, rows);
        var random = new Random(seed);
        var size = shape.Height * shape.Width;
        _memory = (byte*)NativeMemory.Alloc((nuint)(rows * shape.Planes * size));
        random.NextBytes(new Span<byte>(_memory, rows * shape.Planes * size));
        Planes = [.. Enumerable.Range(0, rows * shape.Planes).Select(i => (nint)(_memory + (nint)i * size))];

        // Planes of an observation need not be neighbours.
        random.Shuffle(Planes);
        Parameters = new float[shape.Length];
        foreach (var layer in shape.Layers)
        {
            var scale = 1.5f / MathF.Sqrt(layer.PatchSize);
            for (var i = layer.WeightOffset; i < layer.End; i++)
            {
                Parameters[i] = (random.NextSingle() * 2 - 1) * scale;
            }
        }

        FeatureGradient = [.. Enumerable.Range(0, rows * shape.Features).Select(_ => random.NextSingle() * 2 - 1)];
    }

    ~Frames() => NativeMemory.Free(_memory);

    /// <summary>Tile kernels of all vector widths; vectors that the processor does not have are made of those that it has.</summary>
    public static TileKernel[] Kernels { get; } = [TileKernel.Narrow, TileKernel.Middle, TileKernel.Wide];

    public EncoderShape Shape { get; }

    public int Rows { get; }

    public nint[] Planes { get; }

    public float[] Parameters { get; }

    public float[] FeatureGradient { get; }

    public byte Pixel(int row, int plane, int y, int x) => ((byte*)Planes[row * Shape.Planes + plane])[y * Shape.Width + x];

    /// <summary>Features and gradients of all rows.</summary>
    public (float[] Features, float[] Gradients) Compute(TileKernel kernel, int threads = 1, int extraRows = 0)
    {
        using var encoder = new FrameEncoder(Shape, Rows + extraRows, threads, training: true, kernel);
        var (features, gradients) = (Garbage(Rows * Shape.Features), Garbage(Shape.Length));
        encoder.Forward(Planes, Parameters, features, forBackward: true);
        encoder.Backward(Parameters, FeatureGradient, gradients);
        return (features, gradients);
    }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        GC.SuppressFinalize(this);
    }

    private static float[] Garbage(int count) => [.. Enumerable.Repeat(float.NaN, count)];
}
