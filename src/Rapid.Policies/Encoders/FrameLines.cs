using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rapid.Policies.Encoders;

/// <summary>Widens the bytes of a stack of frames to floats from 0 to 1.</summary>
internal static unsafe class FrameLines
{
    private const float Scale = 1 / 255f;
    private const int Block = 16;

    /// <summary>Widens some lines of all planes.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="planes">[planes], addresses of [height, width] bytes.</param>
    /// <param name="first">First line.</param>
    /// <param name="end">End of the lines.</param>
    /// <param name="lines">[height, planes, width].</param>
    public static void Widen(EncoderShape shape, nint* planes, int first, int end, float* lines)
    {
        var width = shape.Width;
        var to = lines + (nint)first * shape.Planes * width;
        for (var y = first; y < end; y++)
        {
            for (var plane = 0; plane < shape.Planes; plane++, to += width)
            {
                WidenLine((byte*)planes[plane] + (nint)y * width, to, width);
            }
        }
    }

    private static void WidenLine(byte* from, float* to, int count)
    {
        if (count < Block)
        {
            for (var x = 0; x < count; x++)
            {
                to[x] = from[x] * Scale;
            }

            return;
        }

        for (var x = 0; x < count; x += Block)
        {
            // The last block ends with the line, and so may overlap the one before.
            var start = Math.Min(x, count - Block);
            WidenBlock(from + start, to + start);
        }
    }

    private static void WidenBlock(byte* from, float* to)
    {
        var bytes = Vector128.Load(from);
        if (Avx512F.IsSupported)
        {
            (Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(bytes)) * Scale).Store(to);
            return;
        }

        var (low, high) = Vector128.Widen(bytes);
        var (a, b) = Vector128.Widen(low);
        var (c, d) = Vector128.Widen(high);
        (Vector128.ConvertToSingle(a.AsInt32()) * Scale).Store(to);
        (Vector128.ConvertToSingle(b.AsInt32()) * Scale).Store(to + 4);
        (Vector128.ConvertToSingle(c.AsInt32()) * Scale).Store(to + 8);
        (Vector128.ConvertToSingle(d.AsInt32()) * Scale).Store(to + 12);
    }
}
