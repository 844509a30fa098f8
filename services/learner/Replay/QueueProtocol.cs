using System.Numerics;
using Microsoft.Extensions.Logging;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>A block with what is needed to acknowledge it.</summary>
/// <param name="Id">Its name in its table.</param>
/// <param name="Trajectory">What it holds.</param>
public sealed record ReceivedBlock(ulong Id, Trajectory Trajectory) : Received;

/// <summary>The table was made anew: blocks that actors believe delivered are lost.</summary>
public sealed class TableLostException() : Exception("the replay service lost the table");

/// <summary>
/// Blocks of a queue, as many as are asked for. A block is acknowledged after use; what is delivered again after a broken connection is
/// recognised and dropped, and so is what is not of this run.
/// </summary>
/// <param name="definition">The table.</param>
/// <param name="logger">Hears of blocks that are not of this run.</param>
public sealed class QueueProtocol(TableDefinition definition, ILogger logger)
    : TableProtocol<ReceivedBlock>("reading trajectories", prefetch: int.MaxValue)
{
    // A producer is one life of one actor slot: this many restarts of actors are told apart, then the oldest producers are forgotten.
    private const int MaximumProducers = 100_000;

    private readonly Dictionary<string, ulong> _newest = [];
    private readonly Queue<string> _producers = new();
    private long _invalidBlocks;

    /// <inheritdoc/>
    public override long InvalidAnswers => Interlocked.Read(ref _invalidBlocks);

    /// <inheritdoc/>
    public override ReceivedBlock? Decode(SampleReply reply, SampleRequest next)
    {
        ArgumentNullException.ThrowIfNull(reply);
        ArgumentNullException.ThrowIfNull(next);
        var block = reply.Item.Trajectory;
        if ((BlockValidator.Problem(block) ?? definition.Block?.Problem(block)) is { } problem)
        {
            ReportInvalid(block, problem);
        }
        else if (IsNew(block))
        {
            return new ReceivedBlock(reply.Item.Id, block);
        }

        next.Acknowledged.Add(reply.Item.Id);
        return null;
    }

    /// <inheritdoc/>
    public override void Release(ReceivedBlock answer, SampleRequest next) => next.Acknowledged.Add(answer.Id);

    /// <summary>Whoever sends one usually sends many: the log has the first, the second, the fourth and so on.</summary>
    private void ReportInvalid(Trajectory? block, string problem)
    {
        var count = Interlocked.Increment(ref _invalidBlocks);
        if (BitOperations.IsPow2(count))
        {
            logger.LogError(
                "block {Sequence} of {Producer} in table {Table} is dropped, {Count} so far: {Problem}", block?.Sequence, block?.Producer,
                definition.Name, count, problem);
        }
    }

    private bool IsNew(Trajectory block)
    {
        if (_newest.TryGetValue(block.Producer, out var last))
        {
            _newest[block.Producer] = Math.Max(last, block.Sequence);
            return block.Sequence > last;
        }

        if (_newest.Count >= MaximumProducers)
        {
            _newest.Remove(_producers.Dequeue());
        }

        _producers.Enqueue(block.Producer);
        _newest[block.Producer] = block.Sequence;
        return true;
    }
}
