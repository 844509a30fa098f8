using Google.Protobuf;
using Grpc.Core;
using Grpc.Tests.Interop;

namespace Grpc.Tests;

/// <summary>The server side of the interoperability cases.</summary>
public sealed class TestServiceImplementation(CallLog log) : TestService.TestServiceBase
{
    public override Task<Empty> EmptyCall(Empty request, ServerCallContext context) => Task.FromResult(new Empty());

    public override async Task<SimpleResponse> UnaryCall(SimpleRequest request, ServerCallContext context)
    {
        await EchoMetadataAsync(context);
        Fail(request.ResponseStatus);
        return new SimpleResponse { Payload = Zeros(request.ResponseSize) };
    }

    public override async Task StreamingOutputCall(
        StreamingOutputCallRequest request, IServerStreamWriter<StreamingOutputCallResponse> responseStream, ServerCallContext context)
    {
        foreach (var parameters in request.ResponseParameters)
        {
            await PauseAsync(parameters, context);
            await responseStream.WriteAsync(new StreamingOutputCallResponse { Payload = Zeros(parameters.Size) });
            log.AddBytes(parameters.Size);
        }
    }

    public override async Task<StreamingInputCallResponse> StreamingInputCall(
        IAsyncStreamReader<StreamingInputCallRequest> requestStream, ServerCallContext context)
    {
        using var registration = context.CancellationToken.Register(() => log.Cancelled.Release());
        var sum = 0;
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            sum += request.Payload.Body.Length;
        }

        return new StreamingInputCallResponse { AggregatedPayloadSize = sum };
    }

    public override async Task FullDuplexCall(
        IAsyncStreamReader<StreamingOutputCallRequest> requestStream,
        IServerStreamWriter<StreamingOutputCallResponse> responseStream,
        ServerCallContext context)
    {
        using var registration = context.CancellationToken.Register(() => log.Cancelled.Release());
        await EchoMetadataAsync(context);
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            Fail(request.ResponseStatus);
            foreach (var parameters in request.ResponseParameters)
            {
                await PauseAsync(parameters, context);
                await responseStream.WriteAsync(new StreamingOutputCallResponse { Payload = Zeros(parameters.Size) });
            }
        }
    }

    private static Payload Zeros(int size) => new() { Body = UnsafeByteOperations.UnsafeWrap(new byte[size]) };

    private static Task PauseAsync(ResponseParameters parameters, ServerCallContext context) =>
        parameters.IntervalUs > 0
            ? Task.Delay(TimeSpan.FromMicroseconds(parameters.IntervalUs), context.CancellationToken)
            : Task.CompletedTask;

    private static void Fail(EchoStatus? status)
    {
        if (status is not null && status.Code != 0)
        {
            throw new RpcException(new Status((StatusCode)status.Code, status.Message));
        }
    }

    private static async Task EchoMetadataAsync(ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue("x-grpc-test-echo-initial") is { } initial)
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "x-grpc-test-echo-initial", initial } });
        }

        if (context.RequestHeaders.GetValueBytes("x-grpc-test-echo-trailing-bin") is { } trailing)
        {
            context.ResponseTrailers.Add("x-grpc-test-echo-trailing-bin", trailing);
        }
    }
}

/// <summary>What a test waits for on the server's side.</summary>
public sealed class CallLog
{
    private long _bytesWritten;

    public SemaphoreSlim Cancelled { get; } = new(0);

    public long BytesWritten => Interlocked.Read(ref _bytesWritten);

    public void AddBytes(int count) => Interlocked.Add(ref _bytesWritten, count);
}
