using System.Globalization;
using System.Text;

namespace Rapid.Cli.Play;

/// <summary>A picture in a terminal: a character cell is two pixels, one above the other, in 24-bit colour.</summary>
internal sealed class HalfBlocks
{
    private const char UpperHalf = '\u2580';

    // More columns than this show no more of 160 or 240 pixels.
    private const int MostColumns = 240;

    private const ulong Unknown = ulong.MaxValue;

    private ulong[] _cells = [];
    private int _columns, _lines;

    /// <summary>Appends what changes the terminal from the picture before to this one.</summary>
    /// <param name="picture">What to show.</param>
    /// <param name="columns">Columns that there are.</param>
    /// <param name="lines">Lines that there are.</param>
    /// <param name="text">Where it goes.</param>
    /// <returns>Lines that are used.</returns>
    public int Draw(Picture picture, int columns, int lines, StringBuilder text)
    {
        var wide = Math.Clamp((int)(lines * 2 * picture.AspectRatio), 1, Math.Min(columns, MostColumns));
        var high = Math.Clamp((int)(wide / picture.AspectRatio / 2), 1, lines);
        if ((columns, lines) != (_columns, _lines))
        {
            (_columns, _lines, _cells) = (columns, lines, new ulong[wide * high]);
            Array.Fill(_cells, Unknown);
            text.Append("\e[0m\e[2J");
        }

        (uint? foreground, uint? background, int? cursor) = (null, null, null);
        for (var i = 0; i < _cells.Length; i++)
        {
            var (row, column) = (i / wide, i % wide);
            var upper = ColorOf(picture, column, wide, row * 2, high * 2);
            var lower = ColorOf(picture, column, wide, (row * 2) + 1, high * 2);
            var cell = ((ulong)upper << 32) | lower;
            if (_cells[i] == cell)
            {
                continue;
            }

            _cells[i] = cell;
            if (cursor != i || column == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"\e[{row + 1};{column + 1}H");
            }

            if (foreground != upper)
            {
                text.Append(CultureInfo.InvariantCulture, $"\e[38;2;{upper >> 16};{(upper >> 8) & 0xFF};{upper & 0xFF}m");
            }

            if (background != lower)
            {
                text.Append(CultureInfo.InvariantCulture, $"\e[48;2;{lower >> 16};{(lower >> 8) & 0xFF};{lower & 0xFF}m");
            }

            text.Append(UpperHalf);
            (foreground, background, cursor) = (upper, lower, i + 1);
        }

        return high;
    }

    /// <summary>The average of the pixels that fall on one of the terminal's.</summary>
    private static uint ColorOf(Picture picture, int column, int columns, int row, int rows)
    {
        var (left, right) = Range(column, columns, picture.Width);
        var (top, bottom) = Range(row, rows, picture.Height);
        var pixels = picture.Pixels.Span;
        var palette = picture.Palette.Span;
        uint red = 0, green = 0, blue = 0;
        for (var y = top; y < bottom; y++)
        {
            for (var x = left; x < right; x++)
            {
                var i = (y * picture.Width) + x;
                var (r, g, b) = palette.IsEmpty
                    ? (pixels[i * 3], pixels[(i * 3) + 1], pixels[(i * 3) + 2])
                    : ((byte)(palette[pixels[i]] >> 16), (byte)(palette[pixels[i]] >> 8), (byte)palette[pixels[i]]);
                (red, green, blue) = (red + r, green + g, blue + b);
            }
        }

        var count = (uint)((bottom - top) * (right - left));
        return ((red / count) << 16) | ((green / count) << 8) | (blue / count);
    }

    private static (int Start, int End) Range(int index, int count, int pixels)
    {
        var start = index * pixels / count;
        return (start, Math.Max(start + 1, (index + 1) * pixels / count));
    }
}
