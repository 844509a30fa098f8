namespace Rapid.Core;

/// <summary>
/// Mean and population variance of everything seen, per element, by the parallel update of Chan, Golub and LeVeque (1979), in double
/// precision. Starts as 1e-4 observations of mean 0 and variance 1, as the usual normalisation wrappers do.
/// </summary>
public sealed class RunningMeanVariance
{
    private const double StartCount = 1e-4;

    private readonly double[] _mean;
    private readonly double[] _variance;

    /// <param name="size">Elements per observation.</param>
    public RunningMeanVariance(int size)
    {
        _mean = new double[size];
        _variance = new double[size];
        Clear();
    }

    /// <summary>Weight of what was seen, in observations.</summary>
    public double Count { get; private set; }

    /// <summary>[size].</summary>
    public ReadOnlySpan<double> Mean => _mean;

    /// <summary>[size].</summary>
    public ReadOnlySpan<double> Variance => _variance;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Count = StartCount;
        _mean.AsSpan().Clear();
        _variance.AsSpan().Fill(1);
    }

    /// <summary>Takes over another's state.</summary>
    /// <exception cref="ArgumentException">Another size.</exception>
    public void Import(ReadOnlySpan<double> mean, ReadOnlySpan<double> variance, double count)
    {
        if (mean.Length != _mean.Length || variance.Length != _mean.Length)
        {
            throw new ArgumentException($"statistics of {mean.Length} elements do not fit {_mean.Length}", nameof(mean));
        }

        mean.CopyTo(_mean);
        variance.CopyTo(_variance);
        Count = count;
    }

    /// <summary>Adds a batch of observations.</summary>
    /// <param name="batch">[n, size].</param>
    public void Update(ReadOnlySpan<float> batch)
    {
        var size = _mean.Length;
        var rows = batch.Length / size;
        if (rows == 0)
        {
            return;
        }

        for (var j = 0; j < size; j++)
        {
            double mean = 0;
            for (var i = 0; i < rows; i++)
            {
                mean += batch[i * size + j];
            }

            mean /= rows;
            double variance = 0;
            for (var i = 0; i < rows; i++)
            {
                var difference = batch[i * size + j] - mean;
                variance += difference * difference;
            }

            MergeElement(j, mean, variance / rows, rows);
        }

        Count += rows;
    }

    /// <summary>Adds what another accumulator has seen.</summary>
    /// <param name="mean">[size].</param>
    /// <param name="variance">[size], population variance.</param>
    /// <param name="count">Its number of observations; 0 changes nothing.</param>
    public void Merge(ReadOnlySpan<double> mean, ReadOnlySpan<double> variance, double count)
    {
        if (!(count > 0))
        {
            return;
        }

        for (var j = 0; j < _mean.Length; j++)
        {
            MergeElement(j, mean[j], variance[j], count);
        }

        Count += count;
    }

    private void MergeElement(int j, double mean, double variance, double count)
    {
        var total = Count + count;
        var delta = mean - _mean[j];
        var squares = _variance[j] * Count + variance * count + delta * delta * Count * count / total;
        _mean[j] += delta * count / total;
        _variance[j] = squares / total;
    }
}
