using Grpc.Core;
using Rapid.Protocol.V1;
using Rapid.Replay.Sampling;

namespace Rapid.Replay.Tables;

/// <summary>
/// A call that draws batches. Where blocks may have to come from a store, the next batch is fetched while one is being sent.
/// </summary>
internal sealed class RingSession(RingTable table, int batchSize, TimeSpan patience, BatchNews news) : SampleSession
{
    private readonly BatchBuffer[] _batches = [.. Enumerable.Range(0, 2).Select(_ => new BatchBuffer(batchSize, news))];
    private readonly bool _isCold = table.Definition.Store != StoreKind.Memory;
    private double _importanceExponent;

    public override async Task HandleAsync(SampleRequest request, CancellationToken cancellation)
    {
        if (request.BatchSize != 0 && request.BatchSize != batchSize)
        {
            throw new RpcException(
                new Status(StatusCode.InvalidArgument,
                    $"batch_size: this call began with {batchSize}, not {request.BatchSize}; begin another call"));
        }

        var problem = request.Priorities.Count > 0 ? table.UpdatePriorities(request.Priorities) : null;
        if (request.HasImportanceExponent)
        {
            if (!table.HasPriorities || !double.IsFinite(request.ImportanceExponent) || request.ImportanceExponent < 0)
            {
                problem ??= $"importance_exponent: {request.ImportanceExponent} is refused for table '{table.Definition.Name}'; allowed: "
                    + "finite and >= 0, for PRIORITISED tables and selectors with priorities only";
            }
            else
            {
                Volatile.Write(ref _importanceExponent, request.ImportanceExponent);
            }
        }

        if (problem is not null)
        {
            await WriteAsync(Refuse(problem), cancellation);
        }
    }

    /// <summary>Ends the session: its batches are not needed any more.</summary>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Array.ForEach(_batches, table.Release);
    }

    protected override async Task DeliverAsync(CancellationToken cancellation)
    {
        while (!_isCold)
        {
            await PrepareAsync(_batches[0], cancellation);
            await WriteAsync(_batches[0].Reply, cancellation);
        }

        var coming = PrepareAsync(_batches[0], cancellation);
        for (var current = 0; ; current ^= 1)
        {
            await coming;
            coming = PrepareAsync(_batches[current ^ 1], cancellation);
            try
            {
                await WriteAsync(_batches[current].Reply, cancellation);
            }
            catch
            {
                await coming.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }
        }
    }

    /// <summary>Makes a batch that a credit was given for.</summary>
    private async Task PrepareAsync(BatchBuffer batch, CancellationToken cancellation)
    {
        await TakeCreditAsync(cancellation);
        if (!table.TryDraw(batch))
        {
            await WaitAsync(batch, cancellation);
        }

        if (batch.IsIncomplete)
        {
            await table.FetchAsync(batch, cancellation);
        }

        batch.Complete(Volatile.Read(ref _importanceExponent));
    }

    private async Task WaitAsync(BatchBuffer batch, CancellationToken cancellation)
    {
        if (patience == TimeSpan.Zero)
        {
            await table.DrawAsync(batch, cancellation);
            return;
        }

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(patience);
        try
        {
            await table.DrawAsync(batch, limited.Token);
        }
        catch (OperationCanceledException) when (limited.IsCancellationRequested && !cancellation.IsCancellationRequested
            && !table.Dropped.IsCancellationRequested)
        {
            throw new RpcException(
                new Status(StatusCode.FailedPrecondition, $"{table.WhyWaiting()}, since {patience.TotalMilliseconds} ms (patience)"));
        }
    }
}
