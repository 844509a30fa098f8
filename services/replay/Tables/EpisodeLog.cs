using Google.Protobuf.Collections;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tables;

/// <summary>The newest episodes that ended in a table's blocks, for readers that each see them once. Not thread-safe.</summary>
internal sealed class EpisodeLog
{
    // Some minutes of short episodes; a learner looks several times a second.
    private const int Capacity = 8192;

    // A batch carries experience first.
    private const int MostAtOnce = 1024;

    private readonly Queue<Episode> _newest = new();

    /// <summary>Episodes so far: where a reader that has seen all of them stands.</summary>
    public long End { get; private set; }

    public void Add(RepeatedField<Episode> episodes)
    {
        foreach (var episode in episodes)
        {
            if (_newest.Count == Capacity)
            {
                _newest.Dequeue();
            }

            _newest.Enqueue(episode);
            End++;
        }
    }

    /// <summary>Gives a reader what it has not seen.</summary>
    /// <param name="position">Where it stands.</param>
    /// <param name="episodes">Takes the episodes.</param>
    /// <returns>Where it stands then.</returns>
    public long Read(long position, RepeatedField<Episode> episodes)
    {
        if (position == End)
        {
            return position;
        }

        var skipped = Math.Max(0, (int)(position - (End - _newest.Count)));
        foreach (var episode in _newest.Skip(skipped).Take(MostAtOnce))
        {
            episodes.Add(episode);
            skipped++;
        }

        return End - _newest.Count + skipped;
    }
}
