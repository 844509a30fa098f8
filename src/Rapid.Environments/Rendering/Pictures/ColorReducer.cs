namespace Rapid.Environments.Rendering.Pictures;

/// <summary>
/// True colours as indices of a palette that is made for one picture and serves those like it: the boxes of a median cut
/// (Heckbert 1982), and a coarse grid of all colours for what comes into view later.
/// </summary>
public sealed class ColorReducer
{
    // Colours are looked up by five bits of each channel.
    private const int Bits = 5, Bins = 1 << (3 * Bits), Shift = 8 - Bits;

    private readonly short[] _indexOf = new short[Bins];
    private readonly Dictionary<uint, byte> _exact = [];
    private readonly uint[] _palette;

    /// <summary>Makes the palette.</summary>
    /// <param name="rgb">[pixels * 3], a picture.</param>
    /// <param name="colors">How many its own colours may be.</param>
    /// <param name="gridLevels">Of each channel in the grid, 0 for none: with 3 there are 27 colours more.</param>
    public ColorReducer(ReadOnlySpan<byte> rgb, int colors, int gridLevels)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(colors > 0 && colors + (gridLevels * gridLevels * gridLevels) <= 256, true);
        Array.Fill(_indexOf, (short)-1);
        _palette = [.. MedianCut.Palette(rgb, colors), .. Grid(gridLevels)];
        for (var i = 0; i < _palette.Length; i++)
        {
            _exact.TryAdd(_palette[i], (byte)i);
        }
    }

    /// <summary>0xRRGGBB.</summary>
    public ReadOnlySpan<uint> Palette => _palette;

    /// <summary>
    /// Finds the palette's colours: the very one where it is there, so that what is flat stays flat; else the nearest after a fixed pattern
    /// was added, which stands still in films.
    /// </summary>
    /// <param name="rgb">[height * width * 3].</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="indices">[height * width], overwritten.</param>
    public void Reduce(ReadOnlySpan<byte> rgb, int width, Span<byte> indices)
    {
        // Bayer's matrix of order 4, within the width of a bin.
        ReadOnlySpan<sbyte> pattern = [-4, 0, -3, 1, 2, -2, 3, -1, -3, 1, -4, 0, 3, -1, 2, -2];
        for (int i = 0, x = 0, y = 0; i < indices.Length; i++)
        {
            var (red, green, blue) = (rgb[i * 3], rgb[(i * 3) + 1], rgb[(i * 3) + 2]);
            if (!_exact.TryGetValue(((uint)red << 16) | ((uint)green << 8) | blue, out indices[i]))
            {
                var offset = pattern[((y & 3) << 2) | (x & 3)];
                indices[i] = Nearest(Moved(red, offset), Moved(green, offset), Moved(blue, offset));
            }

            (x, y) = x + 1 == width ? (0, y + 1) : (x + 1, y);
        }

        static int Moved(byte channel, int offset) => Math.Clamp(channel + offset, 0, 255);
    }

    private static IEnumerable<uint> Grid(int levels)
    {
        for (var i = 0; i < levels * levels * levels; i++)
        {
            yield return (Level(i / levels / levels) << 16) | (Level(i / levels % levels) << 8) | Level(i % levels);
        }

        uint Level(int index) => (uint)(((2 * index) + 1) * 256 / (2 * levels));
    }

    private byte Nearest(int red, int green, int blue)
    {
        ref var known = ref _indexOf[(red >> Shift << (2 * Bits)) | (green >> Shift << Bits) | (blue >> Shift)];
        if (known < 0)
        {
            // The middle of the bin stands for all of it.
            const int Middle = 1 << (Shift - 1), Low = (1 << Shift) - 1;
            (red, green, blue) = ((red & ~Low) + Middle, (green & ~Low) + Middle, (blue & ~Low) + Middle);
            var least = int.MaxValue;
            for (var i = 0; i < _palette.Length; i++)
            {
                var color = (int)_palette[i];
                var (dr, dg, db) = (red - (color >> 16), green - ((color >> 8) & 0xFF), blue - (color & 0xFF));
                var distance = (dr * dr) + (dg * dg) + (db * db);
                (least, known) = distance < least ? (distance, (short)i) : (least, known);
            }
        }

        return (byte)known;
    }
}
