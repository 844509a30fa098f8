using Rapid.Environments.Rendering;

namespace Rapid.Environments.Tests.Rendering;

/// <summary>A picture to ask questions about.</summary>
/// <param name="Rgb">[height * width * 3].</param>
/// <param name="Width">Pixels in a row.</param>
internal sealed record Picture(byte[] Rgb, int Width)
{
    public int Height => Rgb.Length / Width / 3;

    public int Colors => Enumerable.Range(0, Width * Height).Select(i => this[i % Width, i / Width]).Distinct().Count();

    /// <summary>0xRRGGBB.</summary>
    public uint this[int x, int y]
    {
        get
        {
            var i = ((y * Width) + x) * 3;
            return ((uint)Rgb[i] << 16) | ((uint)Rgb[i + 1] << 8) | Rgb[i + 2];
        }
    }

    public static Picture Of(IRenderer renderer)
    {
        // Filled with something else than a renderer would leave.
        var rgb = Enumerable.Repeat((byte)0x5A, renderer.Width * renderer.Height * 3).ToArray();
        renderer.Render(rgb);
        return new Picture(rgb, renderer.Width);
    }

    public static Picture Of(IEnvironment environment, int height, RenderQuality quality = RenderQuality.Fast)
    {
        using var renderer = environment.Renderable!.CreateRenderer(RenderOptions.Of(environment.Renderable, height, quality));
        return Of(renderer);
    }

    /// <summary>The middle of all pixels that are mostly of one channel: 0 red, 1 green, 2 blue. NaN where there is none.</summary>
    public (double X, double Y) MiddleOf(int channel)
    {
        var (x, y, count) = (0.0, 0.0, 0);
        for (var i = 0; i < Width * Height; i++)
        {
            var pixel = Rgb.AsSpan(i * 3, 3);
            if (pixel[channel] > 100 && pixel[(channel + 1) % 3] < 60 && pixel[(channel + 2) % 3] < 60)
            {
                (x, y, count) = (x + (i % Width), y + (i / Width), count + 1);
            }
        }

        return (x / count, y / count);
    }
}
