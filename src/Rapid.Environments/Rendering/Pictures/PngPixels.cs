using System.IO.Compression;

namespace Rapid.Environments.Rendering.Pictures;

/// <summary>
/// The compressed rows of a true-colour PNG. Each row is written by the filter whose differences are smallest in sum (section 12.7).
/// </summary>
internal static class PngPixels
{
    private const int BytesPerPixel = 3;

    /// <summary>Compresses a picture.</summary>
    /// <param name="rgb">[height * width * 3].</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="level">How hard to try.</param>
    public static ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> rgb, int width, CompressionLevel level)
    {
        var row = width * BytesPerPixel;
        byte[][] candidates = [new byte[row], new byte[row], new byte[row], new byte[row]];
        ReadOnlySpan<byte> filters = [(byte)Filter.None, (byte)Filter.Left, (byte)Filter.Up, (byte)Filter.Paeth];
        var above = new byte[row].AsSpan();
        var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, level, leaveOpen: true))
        {
            for (var start = 0; start < rgb.Length; start += row)
            {
                var current = rgb.Slice(start, row);
                var (best, least) = (0, int.MaxValue);
                for (var i = 0; i < filters.Length; i++)
                {
                    var sum = Apply((Filter)filters[i], current, above, candidates[i]);
                    (best, least) = sum < least ? (i, sum) : (best, least);
                }

                zlib.WriteByte(filters[best]);
                zlib.Write(candidates[best]);
                current.CopyTo(above);
            }
        }

        return compressed.GetBuffer().AsSpan(0, (int)compressed.Length);
    }

    /// <summary>Writes the differences from what a filter expects and returns the sum of their sizes.</summary>
    private static int Apply(Filter filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, Span<byte> differences)
    {
        var sum = 0;
        for (var i = 0; i < row.Length; i++)
        {
            int left = i < BytesPerPixel ? 0 : row[i - BytesPerPixel], corner = i < BytesPerPixel ? 0 : above[i - BytesPerPixel];
            var expected = filter switch
            {
                Filter.Left => left,
                Filter.Up => above[i],
                Filter.Paeth => Nearest(left, above[i], corner),
                _ => 0,
            };
            differences[i] = (byte)(row[i] - expected);
            sum += Math.Abs((int)(sbyte)differences[i]);
        }

        return sum;
    }

    /// <summary>The neighbour that is nearest to left + above - corner (Paeth 1991).</summary>
    private static int Nearest(int left, int above, int corner)
    {
        var (toLeft, toAbove) = (Math.Abs(above - corner), Math.Abs(left - corner));
        var toCorner = Math.Abs(left + above - (2 * corner));
        return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
    }

    private enum Filter : byte
    {
        None = 0,
        Left = 1,
        Up = 2,
        Paeth = 4,
    }
}
