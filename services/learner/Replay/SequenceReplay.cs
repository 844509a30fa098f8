using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Polly;
using Rapid.Hosting;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>
/// Keeps the blocks that a run has learned from in a uniform table of one replay service, and draws sequences out of it.
/// </summary>
/// <remarks>
/// The learner appends, not the actors: it holds the block anyway, so the bytes leave it once more, as they would leave the actor; it
/// leaves out what only the on-policy step needs; and blocks enter in the order in which they were learned from, which makes lockstep runs
/// repeat bit for bit however many actors there are. A block is appended before it is acknowledged to the queue.
/// </remarks>
public sealed class SequenceReplay : ISequenceSource
{
    private static readonly HashSet<string> ReplayedColumns =
    [
        TrajectoryColumns.Observations, TrajectoryColumns.FrameHistory, TrajectoryColumns.Actions, TrajectoryColumns.Rewards,
        TrajectoryColumns.Terminated,
        TrajectoryColumns.Truncated, TrajectoryColumns.FinalObservations, TrajectoryColumns.BehaviourLogProbabilities,
        TrajectoryColumns.BehaviourMean, TrajectoryColumns.BehaviourLogStd,
    ];

    private readonly GrpcChannel _channel;
    private readonly Protocol.V1.Replay.ReplayClient _client;
    private readonly TableDefinition _definition;
    private readonly int _steps;
    private readonly int _sequences;
    private readonly int _prefetch;
    private readonly ResiliencePipeline _retry;
    private readonly BlockAppender _appender;
    private AsyncDuplexStreamingCall<SampleRequest, SampleReply>? _samples;
    private ulong _insertedSteps;
    private int _wanted;
    private int _credits;

    /// <param name="channel">To the replay service; owned.</param>
    /// <param name="definition">The table; made when it is not there.</param>
    /// <param name="steps">Steps of a sequence (T).</param>
    /// <param name="sequences">Sequences of a batch (B).</param>
    /// <param name="prefetch">Batches that may be on their way while the learner computes.</param>
    /// <param name="logger">Hears of a replay service that is away.</param>
    public SequenceReplay(GrpcChannel channel, TableDefinition definition, int steps, int sequences, int prefetch, ILogger logger)
    {
        (_channel, _definition, _steps, _sequences, _prefetch) = (channel, definition, steps, sequences, prefetch);
        _client = new Protocol.V1.Replay.ReplayClient(channel);
        _retry = Resilience.Forever("replaying sequences", logger);
        _appender = new BlockAppender(channel, definition, logger);
    }

    /// <inheritdoc/>
    public bool IsWarm => _insertedSteps >= _definition.MinimumSteps;

    /// <summary>What is left of blocks when they are replayed.</summary>
    internal static BlockSignature SignatureOf(BlockSignature blocks)
    {
        var replayed = blocks.Clone();
        replayed.Columns.Clear();
        replayed.Columns.AddRange(blocks.Columns.Where(column => ReplayedColumns.Contains(column.Name)));
        return replayed;
    }

    /// <summary>Environment steps that the table holds, to within a block.</summary>
    internal ulong HeldSteps => Math.Min(_insertedSteps, _definition.CapacitySteps);

    /// <inheritdoc/>
    public async Task CreateTableAsync(CancellationToken cancellation) =>
        _insertedSteps = (await RetryAsync(token => CreateOnceAsync(token), cancellation)).InsertedSteps;

    /// <inheritdoc/>
    public async Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation) =>
        _insertedSteps += await _appender.AppendAsync(blocks.Select(ForReplay), cancellation);

    /// <inheritdoc/>
    public async Task RequestAsync(int batches, CancellationToken cancellation)
    {
        _wanted += batches;
        await RetryAsync(
            async token =>
            {
                await GrantAsync(token);
                return true;
            },
            cancellation);
    }

    /// <inheritdoc/>
    public async Task<Trajectory?> ReadAsync(CancellationToken cancellation)
    {
        var batch = await RetryAsync(token => ReadOnceAsync(token), cancellation);
        _wanted = batch is null ? 0 : _wanted - 1;
        return batch;
    }

    /// <inheritdoc/>
    public async Task DropTableAsync(CancellationToken cancellation)
    {
        Disconnect();
        var request = new DropTableRequest { Name = _definition.Name, Epoch = _definition.Epoch };
        await _client.DropTableAsync(request, deadline: DateTime.UtcNow.AddSeconds(5), cancellationToken: cancellation);
    }

    /// <summary>Nothing is wanted any more.</summary>
    internal void Forget() => _wanted = 0;

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Disconnect();
        _appender.Dispose();
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The columns that replaying needs, sharing their bytes.</summary>
    private static Trajectory ForReplay(Trajectory block)
    {
        var replayed = block.WithoutContent();
        replayed.Columns.AddRange(block.Columns.Where(column => ReplayedColumns.Contains(column.Name)));
        return replayed;
    }

    private async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> what, CancellationToken cancellation)
    {
        try
        {
            return await _retry.ExecuteAsync(async token => await WithoutHalfCallAsync(what, token), cancellation);
        }
        catch (RpcException error) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Status.Detail, error, cancellation);
        }
    }

    /// <summary>After any failure the call begins anew: what was under way on it is not known.</summary>
    private async Task<T> WithoutHalfCallAsync<T>(Func<CancellationToken, Task<T>> what, CancellationToken cancellation)
    {
        try
        {
            return await what(cancellation);
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error))
        {
            Disconnect();
            cancellation.ThrowIfCancellationRequested();
            if (error is RpcException { StatusCode: StatusCode.NotFound })
            {
                _insertedSteps = (await CreateOnceAsync(cancellation)).InsertedSteps;
                throw new RpcException(new Status(StatusCode.Unavailable, "the table was made anew"));
            }

            throw Resilience.ToStatus(error);
        }
    }

    private async Task<TableInfo> CreateOnceAsync(CancellationToken cancellation) =>
        await _client.CreateTableAsync(new CreateTableRequest { Definition = _definition }, cancellationToken: cancellation);

    private async Task<Trajectory?> ReadOnceAsync(CancellationToken cancellation)
    {
        var call = await GrantAsync(cancellation);
        if (!IsWarm)
        {
            return null;
        }

        if (!await call.ResponseStream.MoveNext(cancellation))
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the replay service ended the call"));
        }

        var reply = call.ResponseStream.Current;
        _credits--;
        if (reply.Refused is { } refused)
        {
            throw new RpcException(new Status((StatusCode)refused.Code, refused.Message));
        }

        var batch = new Trajectory { Steps = (uint)_steps, Environments = (uint)_sequences };
        batch.Columns.AddRange(reply.Batch.Columns);
        return batch;
    }

    /// <summary>Lets the service send what is wanted, as far as may be on its way.</summary>
    private async Task<AsyncDuplexStreamingCall<SampleRequest, SampleReply>> GrantAsync(CancellationToken cancellation)
    {
        var call = _samples ?? await ConnectAsync(cancellation);
        var credits = Math.Min(_wanted, _prefetch) - _credits;
        if (IsWarm && credits > 0)
        {
            await call.RequestStream.WriteAsync(new SampleRequest { Credits = (uint)credits }, cancellation);
            _credits += credits;
        }

        return call;
    }

    private async Task<AsyncDuplexStreamingCall<SampleRequest, SampleReply>> ConnectAsync(CancellationToken cancellation)
    {
        _samples = _client.Sample(cancellationToken: CancellationToken.None);
        var first = new SampleRequest { Table = _definition.Name, Epoch = _definition.Epoch, BatchSize = (uint)_sequences };
        await _samples.RequestStream.WriteAsync(first, cancellation);
        if (!await _samples.ResponseStream.MoveNext(cancellation))
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the replay service ended the call"));
        }

        _insertedSteps = _samples.ResponseStream.Current.Opened.InsertedSteps;
        return _samples;
    }

    private void Disconnect()
    {
        _samples?.Dispose();
        (_samples, _credits) = (null, 0);
    }
}
