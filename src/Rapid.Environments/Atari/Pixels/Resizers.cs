using System.Collections.Concurrent;

namespace Rapid.Environments.Atari.Pixels;

/// <summary>Resizers are large tables that every environment of one kind shares.</summary>
internal static class Resizers
{
    private static readonly ConcurrentDictionary<(ArcadePalette Palette, int Height, int Size), FrameResizer> Known = [];

    /// <summary>From a screen to a square of grey levels.</summary>
    public static FrameResizer Of(ArcadePalette palette, int height, int size) => Known.GetOrAdd(
        (palette, height, size),
        static key => new FrameResizer(GrayTable.OfColors(key.Palette.Rgb.Span), key.Height, key.Size, key.Size));
}
