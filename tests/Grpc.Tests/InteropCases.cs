using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Tests.Interop;

namespace Grpc.Tests;

/// <summary>The client side of the official interoperability cases.</summary>
internal static class InteropCases
{
    private const string Special = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly int[] RequestSizes = [27182, 8, 1828, 45904];
    private static readonly int[] ResponseSizes = [31415, 9, 2653, 58979];

    /// <param name="channel">To a server that implements the cases.</param>
    /// <param name="cancelled">Released by the server when a call of it was cancelled; null when the server is not ours.</param>
    public static async Task RunAllAsync(GrpcChannel channel, SemaphoreSlim? cancelled = null)
    {
        var client = new TestService.TestServiceClient(channel);

        // empty_unary, large_unary
        Assert.Equal(new Empty(), await client.EmptyCallAsync(new Empty()));
        var large = await client.UnaryCallAsync(new SimpleRequest { ResponseSize = 314159, Payload = Zeros(271828) });
        Assert.Equal(314159, large.Payload.Body.Length);

        // client_streaming
        using (var call = client.StreamingInputCall())
        {
            foreach (var size in RequestSizes)
            {
                await call.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = Zeros(size) });
            }

            await call.RequestStream.CompleteAsync();
            Assert.Equal(74922, (await call.ResponseAsync.WaitAsync(Patience)).AggregatedPayloadSize);
        }

        // server_streaming
        var outputs = new StreamingOutputCallRequest();
        outputs.ResponseParameters.AddRange(ResponseSizes.Select(size => new ResponseParameters { Size = size }));
        using (var call = client.StreamingOutputCall(outputs))
        {
            var sizes = new List<int>();
            await foreach (var response in call.ResponseStream.ReadAllAsync())
            {
                sizes.Add(response.Payload.Body.Length);
            }

            Assert.Equal(ResponseSizes, sizes);
        }

        // ping_pong
        using (var call = client.FullDuplexCall())
        {
            for (var i = 0; i < 4; i++)
            {
                await call.RequestStream.WriteAsync(Ask(ResponseSizes[i], RequestSizes[i]));
                Assert.True(await call.ResponseStream.MoveNext().WaitAsync(Patience));
                Assert.Equal(ResponseSizes[i], call.ResponseStream.Current.Payload.Body.Length);
            }

            await call.RequestStream.CompleteAsync();
            Assert.False(await call.ResponseStream.MoveNext().WaitAsync(Patience));
            Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        }

        // empty_stream
        using (var call = client.FullDuplexCall())
        {
            await call.RequestStream.CompleteAsync();
            Assert.False(await call.ResponseStream.MoveNext().WaitAsync(Patience));
        }

        await CancelAsync(client, cancelled);
        await MetadataAsync(client);
        await StatusesAsync(client, channel);
    }

    private static async Task CancelAsync(TestService.TestServiceClient client, SemaphoreSlim? cancelled)
    {
        // cancel_after_begin
        using (var stop = new CancellationTokenSource())
        using (var call = client.StreamingInputCall(cancellationToken: stop.Token))
        {
            if (cancelled is not null)
            {
                // So that the server has begun, and can tell.
                await call.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = Zeros(1) });
                await Task.Delay(100);
            }

            await stop.CancelAsync();
            Assert.Equal(
                StatusCode.Cancelled,
                (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.WaitAsync(Patience))).StatusCode);
            Assert.True(cancelled is null || await cancelled.WaitAsync(Patience));
        }

        // cancel_after_first_response
        using (var stop = new CancellationTokenSource())
        using (var call = client.FullDuplexCall(cancellationToken: stop.Token))
        {
            await call.RequestStream.WriteAsync(Ask(31415, 27182));
            Assert.True(await call.ResponseStream.MoveNext().WaitAsync(Patience));
            await stop.CancelAsync();
            Assert.Equal(
                StatusCode.Cancelled,
                (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().WaitAsync(Patience))).StatusCode);
            Assert.True(cancelled is null || await cancelled.WaitAsync(Patience));
        }

        // timeout_on_sleeping_server
        using (var call = client.FullDuplexCall(deadline: DateTime.UtcNow.AddMilliseconds(50)))
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { Payload = Zeros(27182) });
                await call.ResponseStream.MoveNext().WaitAsync(Patience);
            });
            Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        }
    }

    private static async Task MetadataAsync(TestService.TestServiceClient client)
    {
        // custom_metadata
        byte[] trailing = [0xAB, 0xAB, 0xAB];
        var headers = new Metadata
        {
            { "x-grpc-test-echo-initial", "test_initial_metadata_value" }, { "x-grpc-test-echo-trailing-bin", trailing },
        };
        using (var call = client.UnaryCallAsync(new SimpleRequest { ResponseSize = 1 }, headers))
        {
            await call;
            Assert.Equal("test_initial_metadata_value", (await call.ResponseHeadersAsync).GetValue("x-grpc-test-echo-initial"));
            Assert.Equal(trailing, call.GetTrailers().GetValueBytes("x-grpc-test-echo-trailing-bin"));
        }

        using var duplex = client.FullDuplexCall(headers);
        await duplex.RequestStream.WriteAsync(Ask(1, 1));
        Assert.True(await duplex.ResponseStream.MoveNext().WaitAsync(Patience));
        await duplex.RequestStream.CompleteAsync();
        Assert.False(await duplex.ResponseStream.MoveNext().WaitAsync(Patience));
        Assert.Equal("test_initial_metadata_value", (await duplex.ResponseHeadersAsync).GetValue("x-grpc-test-echo-initial"));
        Assert.Equal(trailing, duplex.GetTrailers().GetValueBytes("x-grpc-test-echo-trailing-bin"));
    }

    private static async Task StatusesAsync(TestService.TestServiceClient client, GrpcChannel channel)
    {
        // status_code_and_message, special_status_message
        foreach (var message in new[] { "test status message", Special })
        {
            var status = new EchoStatus { Code = 2, Message = message };
            var unary = await Assert.ThrowsAsync<RpcException>(
                async () => await client.UnaryCallAsync(new SimpleRequest { ResponseStatus = status }));
            Assert.Equal((StatusCode.Unknown, message), (unary.StatusCode, unary.Status.Detail));
            using var call = client.FullDuplexCall();
            await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { ResponseStatus = status });
            var streamed = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().WaitAsync(Patience));
            Assert.Equal((StatusCode.Unknown, message), (streamed.StatusCode, streamed.Status.Detail));
        }

        // unimplemented_method, unimplemented_service
        Assert.Equal(
            StatusCode.Unimplemented,
            (await Assert.ThrowsAsync<RpcException>(async () => await client.UnimplementedCallAsync(new Empty()))).StatusCode);
        var other = new UnimplementedService.UnimplementedServiceClient(channel);
        Assert.Equal(
            StatusCode.Unimplemented,
            (await Assert.ThrowsAsync<RpcException>(async () => await other.UnimplementedCallAsync(new Empty()))).StatusCode);
    }

    private static Payload Zeros(int size) => new() { Body = UnsafeByteOperations.UnsafeWrap(new byte[size]) };

    private static StreamingOutputCallRequest Ask(int responseSize, int requestSize) =>
        new() { ResponseParameters = { new ResponseParameters { Size = responseSize } }, Payload = Zeros(requestSize) };
}
