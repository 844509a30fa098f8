namespace Rapid.Hosting;

/// <summary>Bytes that several may hold together.</summary>
internal sealed class ByteBudget(long limit)
{
    private long _held;

    /// <summary>Takes bytes if there is room for them. Giving them back is taking a negative number.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= limit || bytes <= 0)
        {
            return true;
        }

        Interlocked.Add(ref _held, -bytes);
        return false;
    }
}
