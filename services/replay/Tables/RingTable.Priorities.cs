using Grpc.Core;

namespace Rapid.Replay.Tables;

/// <content>Priorities on their way to the store. They follow updates at once, those that come meanwhile together.</content>
internal sealed partial class RingTable
{
    // The newest of each item, so that there are never more than items.
    private Dictionary<ulong, double> _unsaved = [];
    private bool _isSaving;

    /// <summary>Under the gate.</summary>
    private void SaveUnlessSaving()
    {
        if (_unsaved.Count > 0 && !_isSaving)
        {
            _isSaving = true;
            _ = Task.Run(SavePrioritiesAsync);
        }
    }

    private async Task SavePrioritiesAsync()
    {
        while (true)
        {
            Dictionary<ulong, double> priorities;
            int items;
            double highest;
            lock (Gate)
            {
                if (IsDropped || _unsaved.Count == 0)
                {
                    _isSaving = false;
                    return;
                }

                (priorities, _unsaved) = (_unsaved, []);
                (items, highest) = (_contents!.ItemsPerBlock, _contents.Priorities!.HighestPriority);
            }

            try
            {
                await Store.SavePrioritiesAsync(priorities, items, highest, Dropped);
            }
            catch (Exception error) when (error is RpcException or OperationCanceledException)
            {
                // The table is being dropped, or Redis refuses it, which appends say with the reason: these are given up.
            }
        }
    }
}
