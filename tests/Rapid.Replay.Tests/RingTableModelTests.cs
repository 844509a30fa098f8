using FsCheck;
using FsCheck.Fluent;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>A table under any sequence of operations does what a list of blocks and a dictionary of priorities do.</summary>
public class RingTableModelTests
{
    [Fact]
    public void A_table_behaves_as_its_model_under_any_interleaving()
    {
        Prop.ForAll<byte[]>(RunAsync).QuickCheckThrowOnFailure();
    }

    /// <summary>What a table must do, in the plainest way.</summary>
    private sealed class Model(int capacity, Eviction eviction)
    {
        public const int Items = 8;

        private double _highest = 1;

        public List<ulong> Blocks { get; } = [];

        public Dictionary<ulong, double> Priorities { get; } = [];

        public ulong Next { get; private set; } = 1;

        public void Append()
        {
            if (Blocks.Count == capacity)
            {
                var victim = eviction == Eviction.Oldest ? Blocks[0] : Blocks.MinBy(block => ItemsOf(block).Sum(id => Priorities[id]));
                Blocks.Remove(victim);
                foreach (var id in ItemsOf(victim))
                {
                    Priorities.Remove(id);
                }
            }

            foreach (var id in ItemsOf(Next))
            {
                Priorities[id] = _highest;
            }

            Blocks.Add(Next++);
        }

        public void Update(ulong id, double priority)
        {
            if (Priorities.ContainsKey(id))
            {
                Priorities[id] = priority;
                _highest = Math.Max(_highest, priority);
            }
        }

        public static IEnumerable<ulong> ItemsOf(ulong block) => Enumerable.Range(0, Items).Select(i => block * Items + (ulong)i);
    }

    private static async Task<bool> RunAsync(byte[] operations)
    {
        var eviction = operations.Length % 2 == 0 ? Eviction.Oldest : Eviction.LowestPriority;
        var capacity = 1 + operations.Length % 5;
        var definition = Blocks.Ring("t", TableKind.Prioritised, capacity: (ulong)(capacity * Model.Items));
        (definition.PriorityExponent, definition.Eviction) = (1, eviction);
        using var ring = new Ring(definition);
        var (model, buffer, evicted) = (new Model(capacity, eviction), Ring.Buffer(5), new HashSet<ulong>());
        foreach (var operation in operations)
        {
            switch (operation % 4)
            {
                case 0:
                    var outcome =
                        await ring.Table.AppendAsync(Blocks.Experience(model.Next, steps: 4, environments: 2), CancellationToken.None);
                    if (outcome.IsDuplicate || outcome.Code != 0)
                    {
                        return false;
                    }

                    model.Append();
                    break;
                case 1 when model.Next > 1:
                    if (!(await ring.Table.AppendAsync(Blocks.Experience(model.Next - 1, steps: 4, environments: 2),
                        CancellationToken.None)).IsDuplicate)
                    {
                        return false;
                    }

                    break;
                case 2:
                    // Any item that ever was, held or not; priorities as exact binary fractions, so that sums are exact.
                    var id = Model.Items + operation * 37ul % (model.Next * Model.Items);
                    model.Update(id, operation % 16 / 4.0);
                    ring.Table.UpdatePriorities([new PriorityUpdate { Id = id, Priority = operation % 16 / 4.0 }]);
                    break;
                case 3 when model.Blocks.Count > 0:
                    if (!IsDrawn(ring.Draw(buffer), model))
                    {
                        return false;
                    }

                    break;
            }

            var info = ring.Table.Info();
            if (!ring.Table.BlockIds().SequenceEqual(model.Blocks)
                || info.Blocks != (ulong)model.Blocks.Count
                || info.InsertedSteps != (model.Next - 1) * Model.Items
                || info.EvictedBlocks != model.Next - 1 - (ulong)model.Blocks.Count)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsDrawn(SampledBatch batch, Model model)
    {
        var (actions, isAnyPositive) = (batch.Read<long>("actions"), model.Priorities.Values.Any(priority => priority > 0));
        for (var i = 0; i < actions.Length; i++)
        {
            var (block, row) = (batch.Ids[i] / Model.Items, (int)(batch.Ids[i] % Model.Items));
            if (!model.Priorities.TryGetValue(batch.Ids[i], out var priority)
                || (isAnyPositive && priority == 0)
                || actions[i] != (long)block * 1000 + row / 2 * 10 + row % 2)
            {
                return false;
            }
        }

        return batch.HeldSteps == (ulong)model.Blocks.Count * Model.Items;
    }
}
