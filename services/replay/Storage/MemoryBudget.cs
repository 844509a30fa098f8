using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Rapid.Core;
using Rapid.Hosting;

namespace Rapid.Replay.Storage;

/// <summary>
/// How many bytes of blocks the tables of this service hold in memory, and may hold: beyond it appends are refused rather than the process
/// killed.
/// </summary>
internal sealed class MemoryBudget(long limit)
{
    private const string Variable = "RAPID_REPLAY_MEMORY";

    private long _used, _streams;

    /// <summary>Bytes.</summary>
    public long Limit => limit;

    /// <summary>Bytes.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>RAPID_REPLAY_MEMORY in bytes, or half of the memory that this process may use.</summary>
    /// <exception cref="ConfigurationException">The value is no positive number.</exception>
    public static MemoryBudget Read(IConfiguration configuration)
    {
        if (configuration[Variable] is not { } text || string.IsNullOrWhiteSpace(text))
        {
            return new MemoryBudget(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
        }

        return NumberReader.TryReadWhole(text, out var bytes) && bytes > 0 && bytes <= long.MaxValue
            ? new MemoryBudget((long)bytes)
            : throw new ConfigurationException(
                [$"{Variable}: '{text}' is not allowed; allowed: a whole number of bytes from 1{NumberReader.Hint(text)}"]);
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

    /// <summary>Refuses what <see cref="TryTake"/> did not give.</summary>
    public RpcException TooMuch(string what) => new(new Status(
        StatusCode.ResourceExhausted,
        $"{what} does not fit: the replay service holds {Used} bytes and may hold {Limit} (RAPID_REPLAY_MEMORY)"));

    /// <summary>
    /// Takes memory for a block that a learner needs now, beyond the limit if it must be: refusing it would never free any.
    /// </summary>
    public void Take(long bytes) => Interlocked.Add(ref _used, bytes);

    public void Release(long bytes) => Interlocked.Add(ref _used, -bytes);

    /// <summary>
    /// Takes memory for what is being sent, beside that of the tables: half as much as theirs at most, and one thing always.
    /// </summary>
    public bool TryTakeForStreams(long bytes)
    {
        var all = Interlocked.Add(ref _streams, bytes);
        if (all == bytes || all <= limit / 2)
        {
            return true;
        }

        ReleaseForStreams(bytes);
        return false;
    }

    /// <summary>What was being sent is sent.</summary>
    public void ReleaseForStreams(long bytes) => Interlocked.Add(ref _streams, -bytes);

    /// <summary>Refuses what <see cref="TryTakeForStreams"/> did not give.</summary>
    public RpcException TooMuchForStreams(string what) => new(new Status(
        StatusCode.ResourceExhausted,
        $"{what} does not fit beside the {Interlocked.Read(ref _streams)} bytes that other calls are being sent: read those to the end or "
            + $"cancel them; allowed in all: {limit / 2} (half of RAPID_REPLAY_MEMORY)"));
}
