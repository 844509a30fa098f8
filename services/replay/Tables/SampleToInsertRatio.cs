namespace Rapid.Replay.Tables;

/// <summary>
/// Keeps inserts * ratio - samples within ratio * minimum +- buffer (the semantics of Reverb's SampleToInsertRatio, Cassirer et al. 2021,
/// section 3.3, in steps instead of items). Inserts count from when they are reserved for the upper bound and from when they are stored for
/// the lower one, so that neither bound is ever crossed, whatever becomes of a reservation. Not thread-safe.
/// </summary>
/// <param name="ratio">Samples per insert; 0 when neither side waits for the other.</param>
/// <param name="minimum">Steps inserted before sampling begins.</param>
/// <param name="buffer">Samples.</param>
internal sealed class SampleToInsertRatio(double ratio, long minimum, double buffer)
{
    private long _minimum = minimum, _reserved;

    private double Center => ratio * _minimum;

    /// <summary>Steps stored so far.</summary>
    public long Inserted { get; private set; }

    /// <summary>Transitions drawn so far.</summary>
    public double Sampled { get; private set; }

    public bool CanInsert(long steps) => ratio == 0 || (Inserted + _reserved + steps) * ratio - Sampled <= Center + buffer;

    public bool CanSample(long steps) =>
        Inserted > 0 && Inserted >= _minimum && (ratio == 0 || Inserted * ratio - Sampled - steps >= Center - buffer);

    /// <summary>Why blocks or batches of these sizes could leave both sides waiting for each other, or null.</summary>
    /// <param name="blockSteps">Steps of a block.</param>
    /// <param name="batchSteps">Transitions of a batch; 0 when only the block is asked about.</param>
    public string? Problem(long blockSteps, long batchSteps)
    {
        var needed = Math.Max(ratio * blockSteps, batchSteps);
        return ratio == 0 || buffer >= needed
            ? null
            : $"rate_limiter.error_buffer: {buffer} is too small for blocks of {blockSteps} steps at {ratio} samples per insert"
                + (batchSteps > 0 ? $" and batches of {batchSteps} transitions" : "") + $"; allowed: >= {needed}";
    }

    public void Reserve(long steps) => _reserved += steps;

    public void Cancel(long steps) => _reserved -= steps;

    /// <summary>What was reserved is stored.</summary>
    public void Insert(long steps)
    {
        _reserved -= steps;
        Inserted += steps;
    }

    public void Sample(long steps) => Sampled += steps;

    /// <summary>Goes on with so many inserts from the middle of the bounds, or from known samples.</summary>
    public void Restore(long inserted, double? sampled = null) =>
        (Inserted, Sampled) = (inserted, sampled ?? Math.Max(0, ratio * inserted - Center));

    /// <summary>Begins at other steps, from the middle of the new bounds: neither side waits for what the other did before.</summary>
    public void Limit(long minimum)
    {
        if (minimum != _minimum)
        {
            _minimum = minimum;
            Restore(Inserted, ratio == 0 ? Sampled : null);
        }
    }
}
