using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Polly;
using Rapid.Agents.OffPolicy;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>
/// Draws batches from a table of transitions in one replay service, reconnecting for ever. Batches arrive and are decoded on another thread
/// while the learner computes, in buffers that go round: as many may be on their way as there are buffers, and no more than were asked for.
/// </summary>
public sealed class TransitionTable : ITransitionSource
{
    private readonly GrpcChannel _channel;
    private readonly Protocol.V1.Replay.ReplayClient _client;
    private readonly TableDefinition _definition;
    private readonly int _batchSize;
    private readonly double? _importanceExponent;
    private readonly int _shard;
    private readonly ResiliencePipeline _retry;
    private readonly BlockAppender _appender;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<TransitionBatch> _free = Channel.CreateUnbounded<TransitionBatch>();
    private readonly Channel<ReceivedBatch> _ready = Channel.CreateUnbounded<ReceivedBatch>();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Lock _gate = new();
    private AsyncDuplexStreamingCall<SampleRequest, SampleReply>? _call;
    private Task _pump = Task.CompletedTask;
    private int _buffers;

    // Batches asked for and not received; those of them that the service may send; and received ones that were not given back.
    private long _wanted, _granted, _inUse;
    private long _invalidBatches;

    /// <param name="channel">To the replay service; owned.</param>
    /// <param name="definition">The table; made when it is not there.</param>
    /// <param name="batchSize">Transitions of a batch.</param>
    /// <param name="importanceExponent">beta of a prioritised table; null of another.</param>
    /// <param name="logger">Hears of a replay service that is away.</param>
    /// <param name="shard">Which of several replay services it is.</param>
    public TransitionTable(
        GrpcChannel channel, TableDefinition definition, int batchSize, double? importanceExponent, ILogger logger, int shard = 0)
    {
        (_channel, _definition, _batchSize, _importanceExponent, _shard) = (channel, definition, batchSize, importanceExponent, shard);
        _client = new Protocol.V1.Replay.ReplayClient(channel);
        _retry = Resilience.Forever("sampling transitions", logger);
        _appender = new BlockAppender(channel, definition, logger);
    }

    /// <summary>Batches that have arrived.</summary>
    internal ChannelReader<ReceivedBatch> Ready => _ready.Reader;

    /// <inheritdoc/>
    public long InvalidBatches => Interlocked.Read(ref _invalidBatches);

    /// <inheritdoc/>
    public Task CreateTableAsync(CancellationToken cancellation) => CountStepsAsync(cancellation);

    /// <inheritdoc/>
    public async Task<long> CountStepsAsync(CancellationToken cancellation) => (long)(await RetryAsync(
        async token => await _client.CreateTableAsync(new CreateTableRequest { Definition = _definition }, cancellationToken: token),
        cancellation)).InsertedSteps;

    /// <inheritdoc/>
    public Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation) => _appender.AppendAsync(blocks, cancellation);

    /// <inheritdoc/>
    public async Task<RunningMeanVariance> MeasureObservationsAsync(int size, CancellationToken cancellation) => await RetryAsync(
        async token =>
        {
            var statistics = new RunningMeanVariance(size);
            statistics.Import(new double[size], new double[size], 0);
            using var call = _client.Export(new ExportRequest { Table = _definition.Name }, cancellationToken: token);
            await foreach (var item in call.ResponseStream.ReadAllAsync(token))
            {
                var (steps, environments) = ((int)item.Trajectory.Steps, (int)item.Trajectory.Environments);
                var observations = item.Trajectory.Floats(TrajectoryColumns.Observations, steps + 1, environments, size);
                statistics.Update(observations[..(steps * environments * size)]);
            }

            return statistics;
        },
        cancellation);

    /// <inheritdoc/>
    public void Start(Func<TransitionBatch> makeBuffer, int buffers, ObservationNormalizer? normalizer)
    {
        ArgumentNullException.ThrowIfNull(makeBuffer);
        _buffers = buffers;
        for (var i = 0; i < buffers; i++)
        {
            _free.Writer.TryWrite(makeBuffer());
        }

        _pump = Task.Run(() => PumpAsync(normalizer, _stop.Token));
    }

    /// <inheritdoc/>
    public async Task RequestAsync(long batches, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _wanted += batches;
        }

        await GrantAsync([], [], cancellation);
    }

    /// <inheritdoc/>
    public ValueTask<ReceivedBatch> ReadAsync(CancellationToken cancellation) => _ready.Reader.ReadAsync(cancellation);

    /// <inheritdoc/>
    public async Task ReturnAsync(ReceivedBatch batch, float[] priorities, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(priorities);
        var ids = batch.Transitions.Ids;
        _free.Writer.TryWrite(batch.Transitions);
        lock (_gate)
        {
            _inUse--;
        }

        await GrantAsync(ids, priorities, cancellation);
    }

    /// <inheritdoc/>
    public async Task ClearTableAsync(CancellationToken cancellation)
    {
        await DropOnceAsync(cancellation);
        await CreateTableAsync(cancellation);
    }

    /// <inheritdoc/>
    public async Task DropTableAsync(CancellationToken cancellation)
    {
        // The pump would make the table anew when it finds it gone.
        await _stop.CancelAsync();
        await _pump;
        await DropOnceAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pump;
        while (_free.Reader.TryRead(out var buffer))
        {
            buffer.Dispose();
        }

        while (_ready.Reader.TryRead(out var batch))
        {
            batch.Transitions.Dispose();
        }

        _appender.Dispose();
        _writing.Dispose();
        _stop.Dispose();
        _channel.Dispose();
    }

    private async Task DropOnceAsync(CancellationToken cancellation) => await _client.DropTableAsync(
        new DropTableRequest { Name = _definition.Name, Epoch = _definition.Epoch },
        deadline: DateTime.UtcNow.AddSeconds(5),
        cancellationToken: cancellation);

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

    private async Task PumpAsync(ObservationNormalizer? normalizer, CancellationToken stop)
    {
        try
        {
            await RetryAsync(
                async token =>
                {
                    await ReceiveAsync(normalizer, token);
                    return true;
                },
                stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Disposed.
        }
        catch (Exception error)
        {
            // Whoever reads the next batch hears of it.
            _ready.Writer.TryComplete(error);
        }
    }

    private async Task ReceiveAsync(ObservationNormalizer? normalizer, CancellationToken stop)
    {
        try
        {
            using var call = _client.Sample(cancellationToken: stop);
            var first = new SampleRequest { Table = _definition.Name, Epoch = _definition.Epoch, BatchSize = (uint)_batchSize };
            if (_importanceExponent is { } beta)
            {
                first.ImportanceExponent = beta;
            }

            await call.RequestStream.WriteAsync(first, stop);
            lock (_gate)
            {
                (_call, _granted) = (call, 0);
            }

            await GrantAsync([], [], stop);
            while (await call.ResponseStream.MoveNext(stop))
            {
                var reply = call.ResponseStream.Current;
                if (reply.Refused is { } refused)
                {
                    throw new RpcException(new Status((StatusCode)refused.Code, refused.Message));
                }

                if (reply.Batch is { } batch)
                {
                    Take(batch, normalizer);
                }
            }

            throw new RpcException(new Status(StatusCode.Unavailable, "the replay service ended the call"));
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error))
        {
            Disconnect();
            stop.ThrowIfCancellationRequested();
            if (error is RpcException { StatusCode: StatusCode.NotFound })
            {
                await _client.CreateTableAsync(new CreateTableRequest { Definition = _definition }, cancellationToken: stop);
                throw new RpcException(new Status(StatusCode.Unavailable, "the table was made anew"));
            }

            throw Resilience.ToStatus(error);
        }
    }

    /// <exception cref="RpcException">UNAVAILABLE: the batch is not what was asked for; another call may bring better ones.</exception>
    private void Take(SampledBatch batch, ObservationNormalizer? normalizer)
    {
        // There is one: credits are given for free buffers alone.
        _free.Reader.TryRead(out var buffer);
        try
        {
            buffer!.Fill(batch, normalizer);
        }
        catch (InvalidDataException invalid)
        {
            _free.Writer.TryWrite(buffer!);
            Interlocked.Increment(ref _invalidBatches);
            throw new RpcException(new Status(
                StatusCode.Unavailable, $"a batch of table '{_definition.Name}' is dropped: {invalid.Message}", invalid));
        }

        lock (_gate)
        {
            (_granted, _wanted, _inUse) = (_granted - 1, _wanted - 1, _inUse + 1);
        }

        _ready.Writer.TryWrite(
            new ReceivedBatch(buffer, batch.InsertedSteps, batch.HeldSteps, batch.Episodes, batch.BrokenEnvironments, _shard));
    }

    /// <summary>Lets the service send into every free buffer what is wanted, and passes priorities on.</summary>
    private async Task GrantAsync(ulong[] ids, float[] priorities, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            var request = new SampleRequest();
            AsyncDuplexStreamingCall<SampleRequest, SampleReply>? call;
            lock (_gate)
            {
                call = _call;
                var credits = Math.Min(_wanted, _buffers - _inUse) - _granted;
                // A message for half of the buffers at a time, as long as something is on its way.
                var isWorthIt = credits > 0 && (_granted == 0 || credits >= _buffers / 2 || credits == _wanted - _granted);
                if (call is null || (!isWorthIt && priorities.Length == 0))
                {
                    return;
                }

                request.Credits = (uint)Math.Max(0, credits);
                _granted += request.Credits;
            }

            for (var i = 0; i < priorities.Length; i++)
            {
                request.Priorities.Add(new PriorityUpdate { Id = ids[i], Priority = priorities[i] });
            }

            await call.RequestStream.WriteAsync(request, cancellation);
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error))
        {
            // The pump notices a broken call by itself and gives the credits again.
            Disconnect();
            cancellation.ThrowIfCancellationRequested();
        }
        finally
        {
            _writing.Release();
        }
    }

    private void Disconnect()
    {
        lock (_gate)
        {
            _call?.Dispose();
            (_call, _granted) = (null, 0);
        }
    }
}
