using Rapid.Protocol.V1;

namespace Rapid.Replay.Limits;

/// <summary>
/// Keeps inserts * ratio - samples within ratio * minimum +- buffer (the semantics of Reverb's SampleToInsertRatio, Cassirer et al. 2021,
/// section 3.3, in steps instead of items). Inserts count from when they are reserved for the upper bound and from when they are stored for
/// the lower one, so that neither bound is ever crossed, whatever becomes of a reservation.
/// </summary>
/// <param name="ratio">Samples per insert; 0 when neither side waits for the other.</param>
/// <param name="minimum">Steps inserted before sampling begins.</param>
/// <param name="buffer">Samples.</param>
internal sealed class SampleToInsertRatio(double ratio, long minimum, double buffer) : Limiter
{
    private long _minimum = minimum;

    private double Center => ratio * _minimum;

    /// <summary>What the table lacks while nothing can be drawn, as the end of a sentence about it.</summary>
    public string WhyWaiting => Inserted < Math.Max(1, _minimum)
        ? $"has {Inserted} steps and sampling begins at {Math.Max(1, _minimum)} (minimum_steps)"
        : $"has given {Sampled} transitions for {Inserted} steps and its rate limiter waits for more steps";

    public override bool CanInsert(long steps) => ratio == 0 || (Inserted + Reserved + steps) * ratio - Sampled <= Center + buffer;

    public override bool CanSample(long steps) =>
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

    /// <summary>Goes on with so many inserts from the middle of the bounds.</summary>
    public void Restore(long inserted) => Restore(inserted, Math.Max(0, ratio * inserted - Center));

    /// <summary>Begins at other steps, from the middle of the new bounds: neither side waits for what the other did before.</summary>
    public override void Limit(TableDefinition limits)
    {
        if ((long)limits.MinimumSteps is var minimum && minimum != _minimum)
        {
            _minimum = minimum;
            if (ratio != 0)
            {
                Restore(Inserted);
            }
        }
    }
}
