namespace Rapid.Core;

/// <summary>Where some numbers lie and how far apart, in double precision.</summary>
/// <param name="Count">How many.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Squares">Sum of their squared distances from it.</param>
/// <param name="Largest">The largest of their magnitudes.</param>
public readonly record struct Dispersion(int Count, double Mean, double Squares, double Largest)
{
    // How far equal numbers may lie apart, for their size: some roundings of float32 (6e-8 each).
    private const double RoundingError = 1e-6;

    /// <summary>That of numbers, or of the differences to as many others.</summary>
    /// <param name="values">[n].</param>
    /// <param name="others">[n], what is taken from them; empty for nothing.</param>
    public static Dispersion Of(ReadOnlySpan<float> values, ReadOnlySpan<float> others = default)
    {
        double sum = 0, largest = 0, squares = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var value = (double)values[i] - (others.IsEmpty ? 0 : others[i]);
            sum += value;
            largest = Math.Max(largest, Math.Abs(value));
        }

        var mean = sum / values.Length;
        for (var i = 0; i < values.Length; i++)
        {
            var distance = (double)values[i] - (others.IsEmpty ? 0 : others[i]) - mean;
            squares += distance * distance;
        }

        return new Dispersion(values.Length, mean, squares, largest);
    }

    /// <summary>Root of the mean square distance; 0 of numbers that are equal but for their rounding.</summary>
    /// <param name="divisor">What the sum of squares is divided by: the count, or one less for the deviation of a sample.</param>
    public double Deviation(int divisor)
    {
        var deviation = Math.Sqrt(Squares / divisor);
        return deviation > RoundingError * Largest ? deviation : 0;
    }
}
