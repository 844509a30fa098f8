using Rapid.Environments.Rendering;

namespace Rapid.Environments.Atari.Arcade;

/// <summary>Draws a console's screen at any size; black before the console is switched on.</summary>
internal sealed class ScreenRenderer(Func<ArcadeConsole?> console, RenderOptions options) : IRenderer
{
    /// <summary>Of a television.</summary>
    public const double AspectRatio = 4.0 / 3;

    /// <inheritdoc/>
    public int Width => options.Width;

    /// <inheritdoc/>
    public int Height => options.Height;

    /// <summary>Fields a second of the television system.</summary>
    public static double FramesPerSecond(ArcadeConsole? console) => console is { IsPal: true } ? 50 : 60;

    /// <inheritdoc/>
    public void Render(Span<byte> rgb)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rgb.Length, Width * Height * 3);
        if (console() is not { } game)
        {
            rgb.Clear();
            return;
        }

        var screen = game.Screen;
        var palette = game.Palette.Rgb.Span;
        for (int y = 0, i = 0; y < Height; y++)
        {
            var row = screen.Slice(y * game.Height / Height * ArcadeConsole.Width, ArcadeConsole.Width);
            for (var x = 0; x < Width; x++, i += 3)
            {
                var color = palette[row[x * ArcadeConsole.Width / Width]];
                (rgb[i], rgb[i + 1], rgb[i + 2]) = ((byte)(color >> 16), (byte)(color >> 8), (byte)color);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
