using System.Collections.Concurrent;
using Rapid.Environments.Atari.Arcade;

namespace Rapid.Environments.Atari.Pixels;

/// <summary>Resizers are large tables that every environment of one kind shares.</summary>
internal static class Resizers
{
    private static readonly ConcurrentDictionary<(ArcadePalette Palette, int Height, int Size, bool Colour), FrameResizer[]> Known = [];

    /// <summary>From a screen to squares: one of grey levels, or one each of red, green and blue.</summary>
    public static IReadOnlyList<FrameResizer> Of(ArcadePalette palette, int height, int size, bool colour) => Known.GetOrAdd(
        (palette, height, size, colour),
        static key =>
        [
            .. Tables(key.Palette.Rgb.Span, key.Colour).Select(table => new FrameResizer(table, key.Height, key.Size, key.Size)),
        ]);

    private static GrayTable[] Tables(ReadOnlySpan<uint> palette, bool colour) =>
        colour ? [Channel(palette, 16), Channel(palette, 8), Channel(palette, 0)] : [GrayTable.OfColors(palette)];

    private static GrayTable Channel(ReadOnlySpan<uint> palette, int shift)
    {
        var levels = new byte[palette.Length];
        for (var i = 0; i < levels.Length; i++)
        {
            levels[i] = (byte)(palette[i] >> shift);
        }

        return GrayTable.OfGrays(levels);
    }
}
