using System.Numerics;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Polly;
using Rapid.Hosting;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>A block with what is needed to acknowledge it.</summary>
/// <param name="Id">Its name in its table.</param>
/// <param name="Trajectory">What it holds.</param>
/// <param name="Shard">Which of several replay services it came from.</param>
public sealed record ReceivedBlock(ulong Id, Trajectory Trajectory, int Shard = 0);

/// <summary>The table was made anew: blocks that actors believe delivered are lost.</summary>
public sealed class TableLostException() : Exception("the replay service lost the table");

/// <summary>
/// Takes blocks out of the run's queue table, reconnecting for ever. A block is acknowledged after use; what is delivered again after a
/// broken connection is recognised and dropped.
/// </summary>
public sealed class TrajectoryReader : IBlockSource
{
    // A producer is one life of one actor slot: this many restarts of actors are told apart, then the oldest producers are forgotten.
    private const int MaximumProducers = 100_000;

    private readonly GrpcChannel _channel;
    private readonly Protocol.V1.Replay.ReplayClient _client;
    private readonly TableDefinition _definition;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _retry;
    private readonly Dictionary<string, ulong> _newest = [];
    private readonly Queue<string> _producerOrder = new();
    private readonly SemaphoreSlim _writing = new(1);
    private AsyncDuplexStreamingCall<SampleRequest, SampleReply>? _call;
    private string? _incarnation;
    private int _outstandingCredits;
    private long _invalidBlocks;

    /// <param name="channel">To the replay service; owned.</param>
    /// <param name="definition">The table; made when it is not there.</param>
    /// <param name="logger">Hears of a replay service that is away.</param>
    public TrajectoryReader(GrpcChannel channel, TableDefinition definition, ILogger logger)
    {
        _channel = channel;
        _client = new Protocol.V1.Replay.ReplayClient(channel);
        (_definition, _logger) = (definition, logger);
        _retry = Resilience.Forever("reading trajectories", logger);
    }

    /// <summary>Raised whenever the service turns out to be away.</summary>
    public event Action? WentAway;

    /// <summary>Whether the last try to reach the service failed.</summary>
    public bool IsAway { get; private set; }

    /// <inheritdoc/>
    public long InvalidBlocks => Interlocked.Read(ref _invalidBlocks);

    /// <inheritdoc/>
    public async Task CreateTableAsync(CancellationToken cancellation)
    {
        var table = await RetryAsync(
            async token => await _client.CreateTableAsync(new CreateTableRequest { Definition = _definition }, cancellationToken: token),
            cancellation);
        _incarnation = table.Incarnation;
    }

    /// <inheritdoc/>
    public async Task<ReceivedBlock> ReadAsync(int wanted, CancellationToken cancellation)
    {
        while (true)
        {
            var item = await RetryAsync(token => ReadOnceAsync(wanted, token), cancellation);
            var block = item.Trajectory;
            if ((BlockValidator.Problem(block) ?? _definition.Block?.Problem(block)) is { } problem)
            {
                ReportInvalid(block, problem);
                await AcknowledgeAsync([new ReceivedBlock(item.Id, block)], cancellation);
                continue;
            }

            if (_newest.TryGetValue(block.Producer, out var last) && block.Sequence <= last)
            {
                await AcknowledgeAsync([new ReceivedBlock(item.Id, block)], cancellation);
                continue;
            }

            Remember(block.Producer, block.Sequence);
            return new ReceivedBlock(item.Id, block);
        }
    }

    /// <inheritdoc/>
    public async Task AcknowledgeAsync(IEnumerable<ReceivedBlock> blocks, CancellationToken cancellation)
    {
        if (_call is not { } call)
        {
            return;
        }

        try
        {
            var request = new SampleRequest();
            request.Acknowledged.AddRange(blocks.Select(block => block.Id));
            await WriteAsync(call, request, cancellation);
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error))
        {
            Disconnect();
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public async Task DropTableAsync(CancellationToken cancellation)
    {
        Disconnect();
        await _client.DropTableAsync(
            new DropTableRequest { Name = _definition.Name, Epoch = _definition.Epoch },
            deadline: DateTime.UtcNow.AddSeconds(5),
            cancellationToken: cancellation);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Disconnect();
        _channel.Dispose();
        _writing.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Tries until it succeeds. A call that is cancelled says so as a status; the caller hears what it asked for.</summary>
    private async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> what, CancellationToken cancellation)
    {
        try
        {
            return await _retry.ExecuteAsync(async token => await what(token), cancellation);
        }
        catch (RpcException error) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Status.Detail, error, cancellation);
        }
    }

    /// <summary>Whoever sends one usually sends many: the log has the first, the second, the fourth and so on.</summary>
    private void ReportInvalid(Trajectory? block, string problem)
    {
        var count = Interlocked.Increment(ref _invalidBlocks);
        if (BitOperations.IsPow2(count))
        {
            _logger.LogError(
                "block {Sequence} of {Producer} in table {Table} is dropped, {Count} so far: {Problem}", block?.Sequence, block?.Producer,
                _definition.Name, count, problem);
        }
    }

    private void Remember(string producer, ulong sequence)
    {
        if (!_newest.ContainsKey(producer))
        {
            _producerOrder.Enqueue(producer);
            if (_newest.Count >= MaximumProducers)
            {
                _newest.Remove(_producerOrder.Dequeue());
            }
        }

        _newest[producer] = sequence;
    }

    private async Task<SampledItem> ReadOnceAsync(int wanted, CancellationToken cancellation)
    {
        try
        {
            var call = _call ?? await ConnectAsync(cancellation);
            if (_outstandingCredits < wanted)
            {
                await WriteAsync(call, new SampleRequest { Credits = (uint)(wanted - _outstandingCredits) }, cancellation);
                _outstandingCredits = wanted;
            }

            if (!await call.ResponseStream.MoveNext(cancellation))
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "the replay service ended the call"));
            }

            _outstandingCredits--;
            return call.ResponseStream.Current.Item;
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error))
        {
            Disconnect();
            cancellation.ThrowIfCancellationRequested();
            IsAway = true;
            WentAway?.Invoke();
            if (error is RpcException { StatusCode: StatusCode.NotFound })
            {
                await _client.CreateTableAsync(new CreateTableRequest { Definition = _definition }, cancellationToken: cancellation);
                throw new RpcException(new Status(StatusCode.Unavailable, "the table was made anew"));
            }

            throw Resilience.ToStatus(error);
        }
    }

    private async Task<AsyncDuplexStreamingCall<SampleRequest, SampleReply>> ConnectAsync(CancellationToken cancellation)
    {
        _call = _client.Sample(cancellationToken: CancellationToken.None);
        await _call.RequestStream.WriteAsync(new SampleRequest { Table = _definition.Name, Epoch = _definition.Epoch }, cancellation);
        if (!await _call.ResponseStream.MoveNext(cancellation))
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the replay service ended the call"));
        }

        IsAway = false;
        var incarnation = _call.ResponseStream.Current.Opened.Incarnation;
        var isLost = _incarnation is not null && _incarnation != incarnation;
        _incarnation = incarnation;
        if (isLost)
        {
            throw new TableLostException();
        }

        return _call;
    }

    /// <summary>Credits and acknowledgements take turns: one may be given while the other is on its way.</summary>
    private async Task WriteAsync(
        AsyncDuplexStreamingCall<SampleRequest, SampleReply> call, SampleRequest request, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            await call.RequestStream.WriteAsync(request, cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }

    private void Disconnect()
    {
        _call?.Dispose();
        _call = null;
        _outstandingCredits = 0;
    }
}
