using Rapid.Protocol.V1;
using Rapid.Replay.Sampling;

namespace Rapid.Replay.Tables;

/// <summary>A call that takes blocks out of a queue: what it got and has not acknowledged.</summary>
internal sealed class QueueSession(QueueTable table) : SampleSession
{
    private readonly Dictionary<ulong, StoredBlock> _unacknowledged = [];

    /// <summary>
    /// Forgets blocks that the learner has used; ids that this call did not deliver are ignored, since a retry may repeat them.
    /// </summary>
    public override async Task HandleAsync(SampleRequest request, CancellationToken cancellation)
    {
        List<StoredBlock> used = [];
        lock (_unacknowledged)
        {
            foreach (var id in request.Acknowledged)
            {
                if (_unacknowledged.Remove(id, out var block))
                {
                    used.Add(block);
                }
            }
        }

        if (used.Count > 0)
        {
            await table.AcknowledgeAsync(used, cancellation);
        }

        if (request.Priorities.Count > 0 || request.HasImportanceExponent)
        {
            await WriteAsync(Refuse($"priorities, importance_exponent: table '{table.Definition.Name}' is a queue and has none"),
                cancellation);
        }
    }

    /// <summary>Ends the session: what was not acknowledged goes back.</summary>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        lock (_unacknowledged)
        {
            if (_unacknowledged.Count > 0)
            {
                table.Return(_unacknowledged.Values);
            }

            _unacknowledged.Clear();
        }
    }

    protected override async Task DeliverAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await TakeCreditAsync(cancellation);
            var block = await table.TakeAsync(cancellation);
            lock (_unacknowledged)
            {
                _unacknowledged.Add(block.Id, block);
            }

            await WriteAsync(new SampleReply { Item = new SampledItem { Id = block.Id, Trajectory = block.Content } }, cancellation);
        }
    }
}
