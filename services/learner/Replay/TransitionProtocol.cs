using System.Collections.Concurrent;
using Grpc.Core;
using Rapid.Agents.OffPolicy;
using Rapid.Core;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>A sampled batch, decoded, with what its message said beside it.</summary>
/// <param name="Transitions">Used again for another batch once this one is given back.</param>
/// <param name="Episodes">Episodes that ended in what was stored since the last batch.</param>
/// <param name="BrokenEnvironments">Environments that actors had to reset since the last batch.</param>
public sealed record ReceivedBatch(TransitionBatch Transitions, IReadOnlyList<Episode> Episodes, ulong BrokenEnvironments) : Received
{
    /// <summary>[B], new priorities of a prioritised table's items, sent when the batch is given back; empty leaves them.</summary>
    public IReadOnlyList<float> Priorities { get; set; } = [];
}

/// <summary>Batches of transitions, in buffers that go round: there are as many as batches may be on their way or in use.</summary>
/// <param name="table">Name of the table.</param>
/// <param name="batchSize">Transitions of a batch.</param>
/// <param name="importanceExponent">beta of a prioritised table; null of another.</param>
/// <param name="prefetch">Batches that may be on their way or in use.</param>
/// <param name="makeBuffer">Makes a batch on the host, to be owned here.</param>
/// <param name="normalizer">Applied to observations; null leaves them raw.</param>
public sealed class TransitionProtocol(
    string table, int batchSize, double? importanceExponent, int prefetch, Func<TransitionBatch> makeBuffer,
    ObservationNormalizer? normalizer)
    : TableProtocol<ReceivedBatch>("sampling transitions", prefetch), IDisposable
{
    private readonly ConcurrentQueue<TransitionBatch> _free = new();

    /// <inheritdoc/>
    public override void Open(SampleRequest first)
    {
        ArgumentNullException.ThrowIfNull(first);
        first.BatchSize = (uint)batchSize;
        if (importanceExponent is { } beta)
        {
            first.ImportanceExponent = beta;
        }
    }

    /// <inheritdoc/>
    public override ReceivedBatch Decode(SampleReply reply, SampleRequest next)
    {
        ArgumentNullException.ThrowIfNull(reply);
        var (batch, buffer) = (reply.Batch, _free.TryDequeue(out var used) ? used : makeBuffer());
        try
        {
            buffer.Fill(batch, normalizer);
        }
        catch (InvalidDataException invalid)
        {
            _free.Enqueue(buffer);
            throw new RpcException(new Status(
                StatusCode.Unavailable, $"a batch of table '{table}' is dropped: {invalid.Message}", invalid));
        }

        return new ReceivedBatch(buffer, batch.Episodes, batch.BrokenEnvironments);
    }

    /// <inheritdoc/>
    public override void Release(ReceivedBatch answer, SampleRequest next)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(next);
        next.Priorities.AddRange(answer.Priorities.Zip(
            answer.Transitions.Ids, (priority, id) => new PriorityUpdate { Id = id, Priority = priority }));
        _free.Enqueue(answer.Transitions);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_free.TryDequeue(out var buffer))
        {
            buffer.Dispose();
        }
    }
}
