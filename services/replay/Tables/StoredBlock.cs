using Rapid.Protocol.V1;

namespace Rapid.Replay.Tables;

/// <summary>A block in a table; its content may be in the store only.</summary>
internal sealed class StoredBlock(ulong id, long steps, int bytes, Trajectory? content)
{
    public ulong Id => id;

    /// <summary>T * N.</summary>
    public long Steps => steps;

    /// <summary>Serialised size.</summary>
    public int Bytes => bytes;

    public Trajectory? Content { get; set; } = content;
}
