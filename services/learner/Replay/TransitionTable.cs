using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Polly;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Learner.Algorithms;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>A sampled batch, decoded, with what its message said beside it.</summary>
/// <param name="Transitions">To be given back with <see cref="TransitionTable.ReturnAsync"/>.</param>
/// <param name="InsertedSteps">Environment steps stored in the table's life.</param>
/// <param name="HeldSteps">Environment steps held.</param>
/// <param name="Episodes">Episodes that ended in what was stored since the last batch.</param>
/// <param name="BrokenEnvironments">Environments that actors had to reset since the last batch.</param>
public sealed record ReceivedBatch(
    TransitionBatch Transitions, ulong InsertedSteps, ulong HeldSteps, IReadOnlyList<Episode> Episodes, ulong BrokenEnvironments);

/// <summary>
/// Draws batches from the run's table of transitions, reconnecting for ever. Batches arrive and are decoded on another thread while the learner
/// computes, in buffers that go round: as many may be on their way as there are buffers, and no more than were asked for.
/// </summary>
public sealed class TransitionTable : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly Protocol.V1.Replay.ReplayClient _client;
    private readonly TableDefinition _definition;
    private readonly int _batchSize;
    private readonly double? _importanceExponent;
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

    /// <param name="channel">To the replay service; owned.</param>
    /// <param name="definition">The table; made when it is not there.</param>
    /// <param name="batchSize">Transitions of a batch.</param>
    /// <param name="importanceExponent">beta of a prioritised table; null of another.</param>
    /// <param name="logger">Hears of a replay service that is away.</param>
    public TransitionTable(GrpcChannel channel, TableDefinition definition, int batchSize, double? importanceExponent, ILogger logger)
    {
        (_channel, _definition, _batchSize, _importanceExponent) = (channel, definition, batchSize, importanceExponent);
        _client = new Protocol.V1.Replay.ReplayClient(channel);
        _retry = Resilience.Forever("sampling transitions", logger);
        _appender = new BlockAppender(channel, definition, logger);
    }

    /// <summary>Makes the table, or finds that of an earlier life.</summary>
    public async Task<TableInfo> CreateTableAsync(CancellationToken cancellation) => await RetryAsync(
        async token => await _client.CreateTableAsync(new CreateTableRequest { Definition = _definition }, cancellationToken: token), cancellation);

    /// <summary>Returns when every block is stored, once, in this order.</summary>
    /// <exception cref="RpcException">The table refuses a block.</exception>
    public Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation) => _appender.AppendAsync(blocks, cancellation);

    /// <summary>Environment steps stored in the table's life. A table that is gone is made again.</summary>
    public async Task<long> CountStepsAsync(CancellationToken cancellation) => (long)(await CreateTableAsync(cancellation)).InsertedSteps;

    /// <summary>Statistics of every raw observation that the table holds.</summary>
    /// <param name="size">Elements of an observation.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<RunningMeanVariance> MeasureObservationsAsync(int size, CancellationToken cancellation) => await RetryAsync(
        async token =>
        {
            var statistics = new RunningMeanVariance(size);
            statistics.Import(new double[size], new double[size], 0);
            using var call = _client.Export(new ExportRequest { Table = _definition.Name }, cancellationToken: token);
            await foreach (var item in call.ResponseStream.ReadAllAsync(token))
            {
                var (steps, environments) = ((int)item.Trajectory.Steps, (int)item.Trajectory.Environments);
                statistics.Update(item.Trajectory.Floats(TrajectoryColumns.Observations, steps + 1, environments, size)[..(steps * environments * size)]);
            }

            return statistics;
        },
        cancellation);

    /// <summary>Begins to receive batches.</summary>
    /// <param name="buffers">Batches on the host; as many may be on their way. Owned from here on.</param>
    /// <param name="normalizer">Applied to observations; null leaves them raw.</param>
    public void Start(IReadOnlyCollection<TransitionBatch> buffers, ObservationNormalizer? normalizer)
    {
        ArgumentNullException.ThrowIfNull(buffers);
        _buffers = buffers.Count;
        foreach (var buffer in buffers)
        {
            _free.Writer.TryWrite(buffer);
        }

        _pump = Task.Run(() => PumpAsync(normalizer, _stop.Token));
    }

    /// <summary>Asks for batches beyond those asked for before.</summary>
    public async Task RequestAsync(long batches, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _wanted += batches;
        }

        await GrantAsync([], [], cancellation);
    }

    /// <summary>The next batch.</summary>
    public ValueTask<ReceivedBatch> ReadAsync(CancellationToken cancellation) => _ready.Reader.ReadAsync(cancellation);

    /// <summary>Gives a batch back, so that another may be sent.</summary>
    /// <param name="batch">Not used any more.</param>
    /// <param name="priorities">[B], new priorities of a prioritised table's items; empty leaves them.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task ReturnAsync(TransitionBatch batch, float[] priorities, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(priorities);
        var ids = batch.Ids;
        _free.Writer.TryWrite(batch);
        lock (_gate)
        {
            _inUse--;
        }

        await GrantAsync(ids, priorities, cancellation);
    }

    /// <summary>Drops the table: the run is over.</summary>
    public async Task DropTableAsync(CancellationToken cancellation)
    {
        // The pump would make the table anew when it finds it gone.
        await _stop.CancelAsync();
        await _pump;
        await _client.DropTableAsync(
            new DropTableRequest { Name = _definition.Name }, deadline: DateTime.UtcNow.AddSeconds(5), cancellationToken: cancellation);
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
            var call = _client.Sample(cancellationToken: stop);
            var first = new SampleRequest { Table = _definition.Name, BatchSize = (uint)_batchSize };
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
        catch (Exception error) when (error is RpcException or InvalidOperationException)
        {
            Disconnect();
            stop.ThrowIfCancellationRequested();
            if (error is RpcException { StatusCode: StatusCode.NotFound })
            {
                await _client.CreateTableAsync(new CreateTableRequest { Definition = _definition }, cancellationToken: stop);
                throw new RpcException(new Status(StatusCode.Unavailable, "the table was made anew"));
            }

            // Writing to a call that the service has ended is an invalid operation: like a broken connection, a new call helps.
            throw error as RpcException ?? new RpcException(new Status(StatusCode.Unavailable, error.Message));
        }
    }

    /// <exception cref="InvalidDataException">The batch is not what was asked for.</exception>
    private void Take(SampledBatch batch, ObservationNormalizer? normalizer)
    {
        // There is one: credits are given for free buffers alone.
        _free.Reader.TryRead(out var buffer);
        buffer!.Fill(batch, normalizer);
        lock (_gate)
        {
            (_granted, _wanted, _inUse) = (_granted - 1, _wanted - 1, _inUse + 1);
        }

        _ready.Writer.TryWrite(new ReceivedBatch(buffer, batch.InsertedSteps, batch.HeldSteps, batch.Episodes, batch.BrokenEnvironments));
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
        catch (Exception error) when (error is RpcException or InvalidOperationException)
        {
            // The pump notices a broken call by itself and gives the credits again.
            Disconnect();
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
