using System.Runtime.ExceptionServices;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Polly;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using SampleCall = Grpc.Core.AsyncDuplexStreamingCall<Rapid.Protocol.V1.SampleRequest, Rapid.Protocol.V1.SampleReply>;

namespace Rapid.Learner.Replay;

/// <summary>
/// A table in one replay service, reconnecting for ever. Answers arrive and are decoded on a task of their own while the learner computes:
/// no more than were asked for, and no more at a time than the table's protocol allows.
/// </summary>
/// <typeparam name="T">What answers are decoded to.</typeparam>
public sealed class TableClient<T> : ITable<T>
    where T : Received
{
    private readonly GrpcChannel _channel;
    private readonly Protocol.V1.Replay.ReplayClient _client;
    private readonly TableDefinition _definition;
    private readonly TableProtocol<T> _protocol;
    private readonly int _shard;
    private readonly ResiliencePipeline _retry;
    private readonly BlockAppender _appender;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _writing = new(1);

    // The lock guards all that follows; single fields are also read without it.
    private readonly Lock _gate = new();
    private readonly ChangeSignal _changed = new();
    private readonly Queue<T> _ready = new();
    private Task? _reading;
    private ExceptionDispatchInfo? _failure;
    private volatile SampleCall? _call;
    private volatile TableInfo _info = new();
    private bool _isLost;

    // Answers asked for and not received; those of them that the service may send on this call; and received ones that were not given back.
    private long _wanted, _granted, _held;

    /// <param name="channel">To the replay service; owned.</param>
    /// <param name="definition">The table; made when it is not there.</param>
    /// <param name="protocol">What its kind of table does in its own way; owned.</param>
    /// <param name="logger">Receives warnings about a replay service that is away.</param>
    /// <param name="shard">Which of several replay services it is.</param>
    public TableClient(GrpcChannel channel, TableDefinition definition, TableProtocol<T> protocol, ILogger logger, int shard = 0)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        (_channel, _definition, _protocol, _shard) = (channel, definition, protocol, shard);
        _client = new Protocol.V1.Replay.ReplayClient(channel);
        _retry = Resilience.Forever(protocol.Activity, logger);
        _appender = new BlockAppender(channel, definition, logger);
    }

    /// <inheritdoc/>
    public long InvalidAnswers => _protocol.InvalidAnswers;

    /// <inheritdoc/>
    public bool IsWarm => !_protocol.IsFilledByReader || InsertedSteps >= _definition.MinimumSteps;

    /// <inheritdoc/>
    public ulong InsertedSteps => _info.InsertedSteps;

    /// <inheritdoc/>
    public ulong HeldSteps => _info.Steps;

    /// <summary>Whether the last try to reach the service failed.</summary>
    internal bool IsAway { get; private set; }

    /// <inheritdoc/>
    public async Task<ulong> CreateAsync(CancellationToken cancellation) =>
        (await RetryAsync(CreateOnceAsync, cancellation)).InsertedSteps;

    /// <inheritdoc/>
    public async Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation)
    {
        await _appender.AppendAsync(blocks.Select(_protocol.ToStored), cancellation);
        if (_protocol.IsFilledByReader)
        {
            // Only the service knows whether the table is warm now: it may have had some of the blocks, and lost others.
            await CreateAsync(cancellation);
            await SendAsync(new SampleRequest(), cancellation);
        }
    }

    /// <inheritdoc/>
    public Task RequestAsync(long answers, CancellationToken cancellation)
    {
        var (ready, wanted, _) = Look();
        return AskAsync(answers - ready - wanted, cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask<T?> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                change = Look().Change;
                if (_isLost)
                {
                    _isLost = false;
                    throw new TableLostException();
                }

                if (TryRead() is { } answer)
                {
                    return answer;
                }

                if (!IsWarm)
                {
                    _wanted = 0;
                    return null;
                }
            }

            await change.WaitAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(IEnumerable<T> answers, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(answers);
        var request = new SampleRequest();
        lock (_gate)
        {
            foreach (var answer in answers)
            {
                // The ids of what came from a table that was lost mean other items in the one that was made after it.
                _protocol.Release(answer, answer.Incarnation == _info.Incarnation ? request : new SampleRequest());
                _held--;
            }
        }

        await SendAsync(request, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TResult>> ExportAsync<TResult>(
        Func<IAsyncEnumerable<SampledItem>, Task<TResult>> read, CancellationToken cancellation) =>
    [
        await RetryAsync(
            async token =>
            {
                using var call = _client.Export(new ExportRequest { Table = _definition.Name }, cancellationToken: token);
                return await read(call.ResponseStream.ReadAllAsync(token));
            },
            cancellation),
    ];

    /// <inheritdoc/>
    public async Task ClearAsync(CancellationToken cancellation) => await _client.DropTableAsync(
        new DropTableRequest { Name = _definition.Name, Epoch = _definition.Epoch },
        deadline: DateTime.UtcNow.AddSeconds(5), cancellationToken: cancellation);

    /// <inheritdoc/>
    public async Task DropAsync(CancellationToken cancellation)
    {
        // The task that reads would make the table anew when it finds it gone.
        await StopAsync();
        await ClearAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        while (_ready.TryDequeue(out var answer))
        {
            _protocol.Release(answer, new SampleRequest());
        }

        (_protocol as IDisposable)?.Dispose();
        _appender.Dispose();
        _writing.Dispose();
        _stop.Dispose();
        _channel.Dispose();
    }

    /// <summary>Asks for answers beyond those asked for before, if any, and opens the stream if nobody did.</summary>
    internal Task AskAsync(long more, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _reading ??= Task.Run(ReadUntilStoppedAsync, CancellationToken.None);
            _wanted += Math.Max(0, more);
        }

        return SendAsync(new SampleRequest(), cancellation);
    }

    /// <summary>Answers that can be read, those that were asked for and have not come, and what ends when this is no longer so.</summary>
    /// <exception cref="RpcException">The service refuses what it was asked.</exception>
    internal (int Ready, long Wanted, Task Change) Look()
    {
        lock (_gate)
        {
            _failure?.Throw();
            return (_ready.Count, _wanted, _changed.Next);
        }
    }

    /// <summary>An answer, if there is one.</summary>
    internal T? TryRead()
    {
        lock (_gate)
        {
            return _ready.TryDequeue(out var answer) ? answer : null;
        }
    }

    /// <summary>Tries until it succeeds. A call that is cancelled says so as a status; the caller hears what it asked for.</summary>
    private async Task<TResult> RetryAsync<TResult>(Func<CancellationToken, Task<TResult>> what, CancellationToken cancellation)
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

    private async Task<TableInfo> CreateOnceAsync(CancellationToken cancellation) => Note(
        await _client.CreateTableAsync(new CreateTableRequest { Definition = _definition }, cancellationToken: cancellation));

    private async Task ReadUntilStoppedAsync()
    {
        try
        {
            while (true)
            {
                await _retry.ExecuteAsync(ReceiveAsync, _stop.Token);
            }
        }
        catch (Exception error)
        {
            // Whoever asks or reads next hears of it.
            lock (_gate)
            {
                _failure = ExceptionDispatchInfo.Capture(error);
                _changed.Raise();
            }
        }
    }

    /// <summary>Receives an answer. After any failure the call begins anew: what was under way on it is not known.</summary>
    private async ValueTask ReceiveAsync(CancellationToken cancellation)
    {
        var open = _call;
        var call = open ?? _client.Sample(cancellationToken: cancellation);
        try
        {
            if (open is null)
            {
                await OpenAsync(call, cancellation);
            }

            await TakeAsync(await call.ReadAsync(cancellation), cancellation);
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error))
        {
            Disconnect(call);
            cancellation.ThrowIfCancellationRequested();
            lock (_gate)
            {
                // A try that fails again is no change, and ends no silence that somebody measures.
                if (!IsAway)
                {
                    IsAway = true;
                    _changed.Raise();
                }
            }

            if (error is RpcException { StatusCode: StatusCode.NotFound })
            {
                await CreateOnceAsync(cancellation);
                throw new RpcException(new Status(StatusCode.Unavailable, "the table was made anew"));
            }

            throw Resilience.ToStatus(error);
        }
    }

    private async Task OpenAsync(SampleCall call, CancellationToken cancellation)
    {
        var first = new SampleRequest { Table = _definition.Name, Epoch = _definition.Epoch };
        _protocol.Open(first);
        var opened = await call.OpenAsync(first, cancellation);
        lock (_gate)
        {
            (_call, _granted, IsAway) = (call, 0, false);
            Note(opened);
        }

        await SendAsync(new SampleRequest(), cancellation);
    }

    private async Task TakeAsync(SampleReply reply, CancellationToken cancellation)
    {
        var next = new SampleRequest();
        var answer = _protocol.Decode(reply, next);
        lock (_gate)
        {
            _granted--;
            if (reply.Batch is { } batch)
            {
                (_info.InsertedSteps, _info.Steps) = (Math.Max(_info.InsertedSteps, batch.InsertedSteps), batch.HeldSteps);
            }

            if (answer is not null)
            {
                (answer.Shard, answer.Incarnation) = (_shard, _info.Incarnation);
                (_wanted, _held) = (_wanted - 1, _held + 1);
                _ready.Enqueue(answer);
                _changed.Raise();
                return;
            }
        }

        await SendAsync(next, cancellation);
    }

    /// <summary>Sends a message with credits for what is wanted and may be on its way, if there is anything to say.</summary>
    private async Task SendAsync(SampleRequest request, CancellationToken cancellation)
    {
        SampleCall? call = null;
        await _writing.WaitAsync(cancellation);
        try
        {
            lock (_gate)
            {
                call = _call;
                var credits = IsWarm ? Math.Min(_wanted, _protocol.Prefetch - _held) - _granted : 0;
                // A message for half of what may be on its way at a time, as long as something is.
                var isWorthIt = credits > 0 && (_granted == 0 || credits >= _protocol.Prefetch / 2 || credits == _wanted - _granted);
                if (call is null || (!isWorthIt && request.CalculateSize() == 0))
                {
                    return;
                }

                request.Credits = (uint)Math.Max(0, credits);
                _granted += request.Credits;
            }

            await call.RequestStream.WriteAsync(request, cancellation);
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error))
        {
            // The task that reads notices it by itself and gives the credits again.
            Disconnect(call);
            cancellation.ThrowIfCancellationRequested();
        }
        finally
        {
            _writing.Release();
        }
    }

    private TableInfo Note(TableInfo info)
    {
        lock (_gate)
        {
            // What a ring has lost is merely not drawn any more.
            _isLost |= _definition.Kind == TableKind.Queue && _info.Incarnation.Length > 0 && _info.Incarnation != info.Incarnation;
            _changed.Raise();
            return _info = info;
        }
    }

    /// <summary>Ends a call, and no other that has taken its place.</summary>
    private void Disconnect(SampleCall? call)
    {
        lock (_gate)
        {
            if (_call == call)
            {
                (_call, _granted) = (null, 0);
            }
        }

        call?.Dispose();
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await (_reading ?? Task.CompletedTask);
        Disconnect(_call);
    }
}
