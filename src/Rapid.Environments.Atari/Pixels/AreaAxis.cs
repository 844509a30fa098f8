using System.Numerics;

namespace Rapid.Environments.Atari.Pixels;

/// <summary>
/// One axis of an area resize: which source pixels an output pixel covers and how much of each. The weights exist twice: exactly, as
/// integers whose sum is <see cref="Denominator"/>, and as the rounded float32 that OpenCV multiplies with.
/// </summary>
internal sealed class AreaAxis
{
    public AreaAxis(int source, int target)
    {
        var divisor = (int)BigInteger.GreatestCommonDivisor(source, target);
        Target = target;
        Denominator = source / divisor;
        IsWhole = source % target == 0;
        var pixel = target / divisor;
        First = new int[target];
        Taps = 1;
        for (var o = 0; o < target; o++)
        {
            First[o] = o * Denominator / pixel;
            Taps = Math.Max(Taps, ((o + 1) * Denominator + pixel - 1) / pixel - First[o]);
        }

        Weights = new int[target * Taps];
        Floats = new float[target * Taps];
        for (var o = 0; o < target; o++)
        {
            for (var k = 0; k < Taps; k++)
            {
                var left = (First[o] + k) * pixel;
                Weights[o * Taps + k] = Math.Max(0, Math.Min(left + pixel, (o + 1) * Denominator) - Math.Max(left, o * Denominator));
            }

            FillFloats(source, o);
        }
    }

    /// <summary>Number of output pixels.</summary>
    public int Target { get; }

    /// <summary>Most source pixels that an output pixel covers, also in part.</summary>
    public int Taps { get; }

    /// <summary>What the integer weights of an output pixel sum to.</summary>
    public int Denominator { get; }

    /// <summary>The source is a whole multiple of the target.</summary>
    public bool IsWhole { get; }

    /// <summary>[target], first source pixel of an output pixel.</summary>
    public int[] First { get; }

    /// <summary>[target, taps]; 0 beyond the pixels that are covered.</summary>
    public int[] Weights { get; }

    /// <summary>[target, taps], the same as fractions.</summary>
    public float[] Floats { get; }

    // The double arithmetic decides how the weights round, so it is done in OpenCV's order, including the inverse of an inverse.
    private void FillFloats(int source, int o)
    {
        var weights = Floats.AsSpan(o * Taps, Taps);
        var scale = 1.0 / ((double)Target / source);
        double start = o * scale, end = start + scale;
        var cell = Math.Min(scale, source - start);
        var last = Math.Min((int)Math.Floor(end), source - 1);
        var first = Math.Min((int)Math.Ceiling(start), last);
        if (first - start > 1e-3)
        {
            weights[first - 1 - First[o]] = (float)((first - start) / cell);
        }

        for (var i = first; i < last; i++)
        {
            weights[i - First[o]] = (float)(1 / cell);
        }

        if (end - last > 1e-3)
        {
            weights[last - First[o]] = (float)(Math.Min(Math.Min(end - last, 1), cell) / cell);
        }
    }
}
