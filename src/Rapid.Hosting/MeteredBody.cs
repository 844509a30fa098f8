using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Rapid.Hosting;

/// <summary>
/// The body of a call, whose messages are counted while they are held: from when they begin to arrive until the next one is asked for. One
/// that begins must also end in time.
/// </summary>
internal sealed class MeteredBody(
    PipeReader inner, ByteBudget connection, ByteBudget service, ServiceLimits limits, bool hasOneMessage)
    : PipeReader, IRequestBodyPipeFeature, IDisposable
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly CancellationTokenSource _late = new();
    private ReadOnlySequence<byte> _buffer;
    private long _messageStarted;
    private long _left;
    private long _held;

    /// <inheritdoc/>
    public PipeReader Reader => this;

    /// <summary>Gives each connection its budget.</summary>
    public static void Listen(ListenOptions listen, ServiceLimits limits) => listen.Use((context, next) =>
    {
        context.Features.Set(new ConnectionBytes(new ByteBudget(limits.ConnectionBytes)));
        return next(context);
    });

    /// <summary>Meters the bodies of all gRPC calls.</summary>
    public static void Use(IApplicationBuilder app, ServiceLimits limits)
    {
        var service = new ByteBudget(limits.ServiceBytes);
        app.Use(async (context, next) =>
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is not { } called
                || context.Features.Get<ConnectionBytes>() is not { } connection)
            {
                await next(context);
                return;
            }

            var hasOneMessage = called.Method.Type is MethodType.Unary or MethodType.ServerStreaming;
            using var body = new MeteredBody(context.Request.BodyReader, connection.Budget, service, limits, hasOneMessage);
            context.Features.Set<IRequestBodyPipeFeature>(body);
            await next(context);
        });
    }

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        // What was consumed has been dealt with.
        Hold(_left);
        var reading = _left > 0 || hasOneMessage ? ReadInTimeAsync(cancellationToken) : inner.ReadAsync(cancellationToken);
        return Note(await reading);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        var isRead = inner.TryRead(out result);
        if (isRead)
        {
            Note(result);
        }

        return isRead;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var left = _buffer.Slice(consumed).Length;
        if (left < _buffer.Length)
        {
            _messageStarted = 0;
        }

        _left = left;
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <summary>Gives back what it holds.</summary>
    public void Dispose()
    {
        Hold(0);
        _late.Dispose();
    }

    private ReadResult Note(ReadResult result)
    {
        _buffer = result.Buffer;
        Hold(_buffer.Length);
        return result;
    }

    private async ValueTask<ReadResult> ReadInTimeAsync(CancellationToken cancellation)
    {
        if (_messageStarted == 0)
        {
            _messageStarted = hasOneMessage ? _started : Stopwatch.GetTimestamp();
        }

        var left = TimeSpan.FromSeconds(limits.BodySeconds) - Stopwatch.GetElapsedTime(_messageStarted);
        _late.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        try
        {
            using (cancellation.UnsafeRegister(static late => ((CancellationTokenSource)late!).Cancel(), _late))
            {
                return await inner.ReadAsync(_late.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RpcException(new Status(
                StatusCode.DeadlineExceeded,
                $"a message began and did not end within {limits.BodySeconds} s (RAPID_MAX_BODY_SECONDS)"));
        }
        finally
        {
            _late.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private void Hold(long bytes)
    {
        var more = bytes - _held;
        if (!connection.TryTake(more))
        {
            throw Exceeded("this connection", limits.ConnectionBytes, "RAPID_MAX_CONNECTION_BYTES");
        }

        if (!service.TryTake(more))
        {
            connection.TryTake(-more);
            throw Exceeded("this service", limits.ServiceBytes, "RAPID_MAX_SERVICE_BYTES");
        }

        _held = bytes;
    }

    private static RpcException Exceeded(string who, long limit, string variable) => new(new Status(
        StatusCode.Unavailable, $"{who} has {limit} bytes of messages under way, more are not taken ({variable}); try again later"));

    private sealed record ConnectionBytes(ByteBudget Budget);
}
