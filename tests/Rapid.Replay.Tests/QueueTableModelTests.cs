using FsCheck;
using FsCheck.Fluent;
using Rapid.Replay.Storage;
using Rapid.Replay.Tables;

namespace Rapid.Replay.Tests;

public class QueueTableModelTests
{
    /// <summary>Any interleaving of append, retry, take, acknowledge and disconnect behaves as a list does.</summary>
    [Fact]
    public void A_queue_table_behaves_as_its_model_under_any_interleaving()
    {
        Prop.ForAll<byte[]>(async operations =>
        {
            using var table =
                new QueueTable(Blocks.Table("t", capacity: 1_000_000), "i", new MemoryStore(), new MemoryBudget(long.MaxValue));
            var (waiting, taken) = (new List<ulong>(), new Dictionary<ulong, StoredBlock>());
            ulong next = 1;
            foreach (var operation in operations)
            {
                switch (operation % 5)
                {
                    case 0:
                        await table.AppendAsync(Blocks.Make("p", next), CancellationToken.None);
                        waiting.Add(next++);
                        break;
                    case 1 when next > 1:
                        if (!(await table.AppendAsync(Blocks.Make("p", next - 1), CancellationToken.None)).IsDuplicate)
                        {
                            return false;
                        }

                        break;
                    case 2 when waiting.Count > 0:
                        var block = await table.TakeAsync(CancellationToken.None);
                        if (block.Content!.Sequence != waiting[0])
                        {
                            return false;
                        }

                        taken.Add(waiting[0], block);
                        waiting.RemoveAt(0);
                        break;
                    case 3 when taken.Count > 0:
                        var (sequence, used) = taken.First();
                        await table.AcknowledgeAsync([used], CancellationToken.None);
                        taken.Remove(sequence);
                        break;
                    case 4:
                        table.Return(taken.Values);
                        waiting = [.. waiting.Concat(taken.Keys).Order()];
                        taken.Clear();
                        break;
                }

                var info = table.Info();
                if (info.Blocks != (ulong)waiting.Count || info.UnacknowledgedBlocks != (ulong)taken.Count
                    || info.Steps != (ulong)waiting.Count * 4)
                {
                    return false;
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();
    }
}
