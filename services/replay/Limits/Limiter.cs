using Rapid.Protocol.V1;

namespace Rapid.Replay.Limits;

/// <summary>
/// Counts the steps that a table stored and gave, and says when appends and draws may go on: a part of every table. Not thread-safe.
/// </summary>
internal abstract class Limiter
{
    /// <summary>Steps stored so far.</summary>
    public long Inserted { get; private set; }

    /// <summary>Steps drawn so far.</summary>
    public double Sampled { get; private set; }

    /// <summary>Whether a producer whose block is stored may go on to its next one.</summary>
    public virtual bool HasRoom => true;

    /// <summary>Steps that are on their way into the store.</summary>
    protected long Reserved { get; private set; }

    /// <summary>Whether so many steps may be stored now.</summary>
    public virtual bool CanInsert(long steps) => true;

    /// <summary>Whether so many steps may be drawn now.</summary>
    public abstract bool CanSample(long steps);

    public void Reserve(long steps) => Reserved += steps;

    public void Cancel(long steps) => Reserved -= steps;

    /// <summary>What was reserved is stored.</summary>
    public void Insert(long steps)
    {
        Reserved -= steps;
        Inserted += steps;
    }

    /// <summary>Steps were drawn; fewer than 0 came back unused.</summary>
    public void Sample(long steps) => Sampled += steps;

    /// <summary>Goes on from known numbers.</summary>
    public void Restore(long inserted, double sampled) => (Inserted, Sampled) = (inserted, sampled);

    /// <summary>Has the limits of a definition from now on.</summary>
    public abstract void Limit(TableDefinition limits);
}
