namespace Rapid.Agents.OnPolicy;

/// <summary>How well values foretell returns.</summary>
public static class ValueDiagnostics
{
    /// <summary>How far equal advantages or returns may lie apart, for their size: some roundings of float32 (6e-8 each).</summary>
    internal const double RoundingError = 1e-6;

    /// <summary>1 - Var[R - V] / Var[R]; NaN when the returns do not vary beyond their rounding.</summary>
    public static double ExplainedVariance(ReadOnlySpan<float> values, ReadOnlySpan<float> returns)
    {
        double sum = 0, errorSum = 0, largest = 0;
        for (var i = 0; i < returns.Length; i++)
        {
            sum += returns[i];
            errorSum += (double)returns[i] - values[i];
            largest = Math.Max(largest, Math.Abs(returns[i]));
        }

        var (mean, errorMean) = (sum / returns.Length, errorSum / returns.Length);
        double squares = 0, errorSquares = 0;
        for (var i = 0; i < returns.Length; i++)
        {
            var (difference, error) = (returns[i] - mean, (double)returns[i] - values[i] - errorMean);
            squares += difference * difference;
            errorSquares += error * error;
        }

        return Math.Sqrt(squares / returns.Length) > RoundingError * largest ? 1 - errorSquares / squares : double.NaN;
    }
}
