using Google.Protobuf;
using Grpc.Core;
using Rapid.Protocol;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <content>What goes into a checkpoint and comes out of it.</content>
internal sealed partial class RingTable
{
    /// <summary>What a checkpoint of a memory table needs besides the blocks, and their ids.</summary>
    public (TableState State, IReadOnlyList<ulong> Blocks) Export()
    {
        lock (Gate)
        {
            var (signature, nextId, producers) = Remembered();
            var state = new TableState
            {
                Format = TableState.CurrentFormat,
                Definition = JsonFormatter.Default.Format(Definition),
                Signature = signature,
                NextId = nextId,
                InsertedSteps = _limiter.Inserted,
                SampledTransitions = _limiter.Sampled,
                HighestPriority = _contents?.Priorities?.HighestPriority ?? 1,
                Random = _random.ExportState(),
                Producers = producers,
            };
            return (state, BlockIds());
        }
    }

    /// <summary>Copies a block for a checkpoint.</summary>
    /// <param name="id">Which block.</param>
    /// <param name="arena">Where its columns are copied to.</param>
    /// <param name="saved">The block; null when the table no longer holds it.</param>
    /// <returns>False when the arena has no room for it.</returns>
    public bool TryExport(ulong id, BlockArena arena, out SavedBlock? saved)
    {
        lock (Gate)
        {
            saved = null;
            if (IsDropped || _contents?.TryFind(id, out var slot) != true)
            {
                return true;
            }

            if (!arena.TryReserve(_contents.Layout.BlockBytes))
            {
                return false;
            }

            saved = new SavedBlock(id, slot, _contents.Read(id, arena)!, _contents.ExportWeights(id));
            return true;
        }
    }

    /// <summary>Takes up what a checkpoint holds: first its blocks, oldest first, then the rest.</summary>
    /// <param name="saved">The block.</param>
    /// <param name="signature">What all blocks must look like.</param>
    /// <returns>What is wrong with the block, or null.</returns>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the service may not have the memory that the table needs. FAILED_PRECONDITION:
    /// the table's selector cannot be made.</exception>
    public string? Import(SavedBlock saved, string? signature)
    {
        if ((BlockValidator.Problem(saved.Block) ?? ProblemOf(saved.Block)) is { } problem)
        {
            return problem;
        }

        if (BlockValidator.SignatureOf(saved.Block) != signature)
        {
            return $"block {saved.Id} has columns {BlockValidator.SignatureOf(saved.Block)} where the table has {signature}";
        }

        lock (Gate)
        {
            _contents ??= Create(Definition, BlockLayout.Of(saved.Block));
            if (!_contents.TryPlace(saved.Slot, saved.Id, saved.Block))
            {
                return $"block {saved.Id} cannot be in slot {saved.Slot}";
            }

            _newestVersion = Math.Max(_newestVersion, saved.Block.PolicyVersion);
            if (saved.Weights.Length == _contents.ItemsPerBlock)
            {
                _contents.ImportWeights(saved.Id, saved.Weights);
            }

            return null;
        }
    }

    /// <summary>As <see cref="Import(SavedBlock, string)"/>.</summary>
    public void Import(TableState state)
    {
        lock (Gate)
        {
            _limiter.Restore(state.InsertedSteps, state.SampledTransitions);
            _random.ImportState(state.Random);
            if (_contents?.Priorities is { } priorities)
            {
                priorities.HighestPriority = state.HighestPriority;
            }

            Restore(state.Signature, state.NextId, state.Producers);
        }
    }
}
