using System.Globalization;
using Microsoft.Extensions.Configuration;
using Rapid.Hosting;

namespace Rapid.Replay.Tables;

/// <summary>
/// How many bytes of blocks the tables of this service hold in memory, and may hold: beyond it appends are refused rather than the process
/// killed.
/// </summary>
internal sealed class MemoryBudget(long limit)
{
    private const string Variable = "RAPID_REPLAY_MEMORY";

    private long _used;

    /// <summary>Bytes.</summary>
    public long Limit => limit;

    /// <summary>Bytes.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>RAPID_REPLAY_MEMORY in bytes, or half of the memory that this process may use.</summary>
    /// <exception cref="ConfigurationException">The value is no positive number.</exception>
    public static MemoryBudget Read(IConfiguration configuration)
    {
        if (configuration[Variable] is not { Length: > 0 } text)
        {
            return new MemoryBudget(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0
            ? new MemoryBudget(bytes)
            : throw new ConfigurationException([$"{Variable}: '{text}' is not allowed; allowed: a whole number of bytes from 1"]);
    }

    /// <summary>Takes memory for a new block, or nothing when it does not fit.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit)
        {
            return true;
        }

        Release(bytes);
        return false;
    }

    /// <summary>
    /// Takes memory for a block that a learner needs now, beyond the limit if it must be: refusing it would never free any.
    /// </summary>
    public void Take(long bytes) => Interlocked.Add(ref _used, bytes);

    public void Release(long bytes) => Interlocked.Add(ref _used, -bytes);
}
