using Grpc.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tables;

/// <content>What comes back from the store, all of it cold.</content>
internal sealed partial class RingTable
{
    public override async Task RestoreAsync(RecoveredTable recovered, CancellationToken cancellation)
    {
        var any = await AnyBlockAsync(recovered, cancellation);
        lock (Gate)
        {
            if (any is not null)
            {
                try
                {
                    _contents = Create(Definition, BlockLayout.Of(any));
                }
                catch (RpcException refused)
                {
                    throw new InvalidOperationException(refused.Status.Detail, refused);
                }

                if (_contents.Priorities is { } priorities)
                {
                    priorities.HighestPriority = recovered.HighestPriority;
                }

                foreach (var (id, _, _) in recovered.Blocks)
                {
                    Keep(_contents.Add(id, null));
                }

                foreach (var (block, index, priority) in recovered.Priorities.Where(known => known.Index < _contents.ItemsPerBlock))
                {
                    _contents.Update(block * (ulong)_contents.ItemsPerBlock + (ulong)index, priority);
                }
            }

            _limiter.Restore(recovered.InsertedSteps);
            Restore(recovered.Signature, recovered.NextId, recovered.Producers);
        }
    }

    /// <summary>A block to learn the layout of all from; blocks that the store lost are reported when they are drawn.</summary>
    private async Task<Trajectory?> AnyBlockAsync(RecoveredTable recovered, CancellationToken cancellation)
    {
        foreach (var (id, _, _) in recovered.Blocks.Reverse())
        {
            if (await Store.LoadAsync(id, cancellation) is { } block && BlockValidator.Problem(block) is null
                && BlockValidator.SignatureOf(block) == recovered.Signature)
            {
                return block;
            }
        }

        return null;
    }
}
