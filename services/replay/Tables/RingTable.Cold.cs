using Rapid.Protocol.V1;
using Rapid.Replay.Sampling;

namespace Rapid.Replay.Tables;

/// <content>Batches of which some blocks are only in the store.</content>
internal sealed partial class RingTable
{
    // Blocks asked of the store at once for one batch: enough to hide its round trip, and no more than this in bytes.
    private const long MostLoads = 64, MostLoadBytes = 64 << 20;

    /// <summary>Copies what is missing of a batch, from the store. Items whose block has gone meanwhile are drawn anew.</summary>
    public async Task FetchAsync(BatchBuffer batch, CancellationToken cancellation)
    {
        while (batch.IsIncomplete)
        {
            var loadsAtOnce = (int)Math.Clamp(MostLoadBytes / Math.Max(1, _contents!.Layout.BlockBytes), 1, MostLoads);
            foreach (var group in batch.TakeCold().GroupBy(pick => pick.Block).Chunk(loadsAtOnce))
            {
                var loads = Array.ConvertAll(group, picks => Store.LoadAsync(picks.Key, cancellation));
                for (var i = 0; i < loads.Length; i++)
                {
                    await ArriveAsync(batch, group[i], await loads[i], cancellation);
                }
            }

            if (batch.Again.Count > 0)
            {
                await WaitAsync(() => TryDrawAgain(batch), DrawWaits, cancellation);
            }
        }
    }

    private async Task ArriveAsync(BatchBuffer batch, IGrouping<ulong, Pick> picks, Trajectory? block, CancellationToken cancellation)
    {
        var isLost = false;

        // A table that was dropped meanwhile has no memory left; its drop ends the wait.
        await WaitAsync(
            () =>
            {
                if (IsDropped)
                {
                    return false;
                }

                isLost = Arrive(batch, picks, block);
                return true;
            },
            DrawWaits,
            cancellation);
        if (isLost)
        {
            await Store.ReportLossAsync(picks.Key, cancellation);
        }
    }

    /// <summary>Under the gate: takes what came from the store into memory and copies its items.</summary>
    /// <returns>Whether the table held a block that the store does not have; it no longer does.</returns>
    private bool Arrive(BatchBuffer batch, IGrouping<ulong, Pick> picks, Trajectory? block)
    {
        _coldBlocks++;
        var place = block is null ? -1 : _contents!.Admit(picks.Key, block);
        foreach (var pick in picks)
        {
            if (place < 0)
            {
                batch.Again.Add(pick.Position);
            }
            else
            {
                batch.Place(pick, place);
            }
        }

        batch.Copy(_contents!.Ring);
        if (block is not null || !_contents.TryFind(picks.Key, out _))
        {
            return false;
        }

        _contents.Remove(picks.Key);
        return true;
    }

    /// <summary>Under the gate: draws items in place of those whose block has gone; false when it must wait for blocks.</summary>
    private bool TryDrawAgain(BatchBuffer batch)
    {
        if (IsDropped || _contents!.Held == 0)
        {
            return false;
        }

        foreach (var position in batch.Again)
        {
            _contents.Draw(batch, position);
        }

        batch.Again.Clear();
        batch.Copy(_contents.Ring);
        return true;
    }
}
