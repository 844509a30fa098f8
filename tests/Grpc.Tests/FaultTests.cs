using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Tests.Interop;

namespace Grpc.Tests;

/// <summary>Deadlines, broken peers, slow peers.</summary>
public class FaultTests
{
    private const int MessageSize = 100_000;
    private const int MostInFlight = 32 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_deadline_that_only_the_server_watches_cancels_the_handler_and_ends_the_call()
    {
        await using var server = await StartAsync(timeout: "50m");
        using var call = new TestService.TestServiceClient(server.Channel).StreamingInputCall();
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.WaitAsync(Patience));
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.True(await server.Log.Cancelled.WaitAsync(Patience));
    }

    [Theory]
    [InlineData("99999999H")]
    [InlineData("nonsense")]
    [InlineData("0n")]
    public async Task A_timeout_beyond_all_time_or_without_meaning_is_no_deadline(string timeout)
    {
        await using var server = await StartAsync(timeout);
        await new TestService.TestServiceClient(server.Channel).EmptyCallAsync(new Empty());
    }

    [Fact]
    public async Task A_deadline_in_local_time_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        var client = new TestService.TestServiceClient(server.Channel);
        Assert.Throws<InvalidOperationException>(() => client.EmptyCallAsync(new Empty(), deadline: DateTime.Now.AddMinutes(1)));
    }

    [Fact]
    public async Task A_slow_reader_holds_the_server_back()
    {
        const int Messages = 1000;
        await using var server = await TestServer.StartAsync();
        var request = new StreamingOutputCallRequest();
        request.ResponseParameters.AddRange(Enumerable.Repeat(new ResponseParameters { Size = MessageSize }, Messages));
        using var call = new TestService.TestServiceClient(server.Channel).StreamingOutputCall(request);
        Assert.True(await call.ResponseStream.MoveNext().WaitAsync(Patience));
        for (long before = -1; before != server.Log.BytesWritten;)
        {
            before = server.Log.BytesWritten;
            await Task.Delay(300);
        }

        Assert.InRange(server.Log.BytesWritten, 1, MostInFlight);
        var count = 1;
        while (await call.ResponseStream.MoveNext().WaitAsync(Patience))
        {
            count++;
        }

        Assert.Equal(Messages, count);
    }

    [Fact]
    public async Task A_server_that_does_not_read_holds_the_client_back()
    {
        await using var server = await TestServer.StartAsync();
        using var call = new TestService.TestServiceClient(server.Channel).FullDuplexCall();
        await call.RequestStream.WriteAsync(
            new StreamingOutputCallRequest { ResponseParameters = { new ResponseParameters { IntervalUs = 600_000_000 } } });
        var message = new StreamingOutputCallRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[MessageSize]) } };
        long sent = 0;
        Task write;
        for (write = call.RequestStream.WriteAsync(message);
            await Task.WhenAny(write, Task.Delay(500)) == write;
            write = call.RequestStream.WriteAsync(message))
        {
            await write;
            sent += MessageSize;
            Assert.InRange(sent, 0, MostInFlight);
        }

        call.Dispose();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => write.WaitAsync(Patience))).StatusCode);
        Assert.True(await server.Log.Cancelled.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_stream_that_the_server_has_ended_refuses_more_messages_with_its_status()
    {
        await using var server = await TestServer.StartAsync();
        using var call = new TestService.TestServiceClient(server.Channel).FullDuplexCall();
        await call.RequestStream.WriteAsync(
            new StreamingOutputCallRequest { ResponseStatus = new EchoStatus { Code = 9, Message = "enough" } });
        Assert.Equal(
            StatusCode.FailedPrecondition,
            (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().WaitAsync(Patience))).StatusCode);
        var error = await Assert.ThrowsAsync<RpcException>(
            () => call.RequestStream.WriteAsync(new StreamingOutputCallRequest()).WaitAsync(Patience));
        Assert.Equal((StatusCode.FailedPrecondition, "enough"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task Watching_health_ends_with_not_serving_when_the_server_stops()
    {
        await using var server = await TestServer.StartAsync();
        using var watch = new Health.V1.Health.HealthClient(server.Channel).Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext().WaitAsync(Patience));
        var stopped = server.StopAsync();
        Assert.True(await watch.ResponseStream.MoveNext().WaitAsync(Patience));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, watch.ResponseStream.Current.Status);
        Assert.False(await watch.ResponseStream.MoveNext().WaitAsync(Patience));
        await stopped.WaitAsync(Patience);
    }
    /// <summary>A server whose clients ask for a timeout that their own side knows nothing of.</summary>
    private static Task<TestServer> StartAsync(string timeout) =>
        TestServer.StartAsync(channel: options => options.HttpHandler = new TimeoutHandler(timeout, options.HttpHandler!));

    private sealed class TimeoutHandler(string timeout, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.TryAddWithoutValidation("grpc-timeout", timeout);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
