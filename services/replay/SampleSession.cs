using Grpc.Core;
using Rapid.Protocol.V1;
using Rapid.Replay.Tables;

namespace Rapid.Replay;

/// <summary>One learner's call: what it may still get, and what it got and has not acknowledged.</summary>
internal sealed class SampleSession(QueueTable table) : IAsyncDisposable
{
    private const int MaximumCredits = 1 << 20;

    private readonly SemaphoreSlim _credits = new(0);
    private readonly Dictionary<ulong, StoredBlock> _unacknowledged = [];
    private Task _delivering = Task.CompletedTask;

    /// <summary>Allows more blocks.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT: more than a learner could ever use.</exception>
    public void Grant(uint credits)
    {
        if (_credits.CurrentCount + (long)credits > MaximumCredits)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"credits: {credits} more than {_credits.CurrentCount} is too many; allowed: {MaximumCredits} in all"));
        }

        if (credits > 0)
        {
            _credits.Release((int)credits);
        }
    }

    /// <summary>Sends blocks as credits allow until it is cancelled.</summary>
    public Task DeliverAsync(IServerStreamWriter<SampleReply> replies, CancellationToken cancellation) => _delivering = LoopAsync(replies, cancellation);

    /// <summary>Forgets blocks that the learner has used; ids that this call did not deliver are ignored, since a retry may repeat them.</summary>
    public async Task AcknowledgeAsync(IEnumerable<ulong> ids, CancellationToken cancellation)
    {
        List<StoredBlock> used = [];
        lock (_unacknowledged)
        {
            foreach (var id in ids)
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
    }

    /// <summary>Ends the session: what was not acknowledged goes back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _delivering.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        lock (_unacknowledged)
        {
            if (_unacknowledged.Count > 0)
            {
                table.Return(_unacknowledged.Values);
            }

            _unacknowledged.Clear();
        }

        _credits.Dispose();
    }

    private async Task LoopAsync(IServerStreamWriter<SampleReply> replies, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await _credits.WaitAsync(cancellation);
                var block = await table.TakeAsync(cancellation);
                lock (_unacknowledged)
                {
                    _unacknowledged.Add(block.Id, block);
                }

                await replies.WriteAsync(new SampleReply { Item = new SampledItem { Id = block.Id, Trajectory = block.Content } }, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The call ended.
        }
    }
}
