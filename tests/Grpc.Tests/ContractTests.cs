using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Tests.Interop;

namespace Grpc.Tests;

/// <summary>What callers of gRPC for .NET rely on beyond the protocol; these hold for the upstream packages too.</summary>
public class ContractTests
{
    private const string EchoedHeader = "x-grpc-test-echo-initial";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(Transport.Tcp, false, null)]
    [InlineData(Transport.Tcp, true, "call")]
    [InlineData(Transport.Tls, false, "call")]
    public async Task Credentials_of_a_call_need_tls_or_permission(Transport transport, bool isAllowed, string? expected)
    {
        await using var server = await TestServer.StartAsync(
            transport, channel: options => options.UnsafeUseInsecureChannelCallCredentials = isAllowed);
        var options = new CallOptions(credentials: Credentials("call"));
        using var call = new TestService.TestServiceClient(server.Channel).UnaryCallAsync(new SimpleRequest(), options);
        await call;
        Assert.Equal(expected, (await call.ResponseHeadersAsync).GetValue(EchoedHeader));
    }

    [Fact]
    public async Task Credentials_of_a_channel_go_with_every_call()
    {
        var credentials = ChannelCredentials.Create(ChannelCredentials.SecureSsl, Credentials("channel"));
        await using var server = await TestServer.StartAsync(Transport.Tls, channel: options => options.Credentials = credentials);
        using var call = new TestService.TestServiceClient(server.Channel).UnaryCallAsync(new SimpleRequest());
        await call;
        Assert.Equal("channel", (await call.ResponseHeadersAsync).GetValue(EchoedHeader));
    }

    [Fact]
    public void Credentials_that_contradict_the_address_or_each_other_are_refused()
    {
        var insecure = ChannelCredentials.Insecure;
        var both = ChannelCredentials.Create(insecure, Credentials("call"));
        Assert.Throws<InvalidOperationException>(() => Open("http://localhost", new() { Credentials = ChannelCredentials.SecureSsl }));
        Assert.Throws<InvalidOperationException>(() => Open("https://localhost", new() { Credentials = insecure }));
        Assert.Throws<InvalidOperationException>(() => Open("http://localhost", new() { Credentials = both }));
        Open("http://localhost", new() { Credentials = both, UnsafeUseInsecureChannelCallCredentials = true });

        static void Open(string address, GrpcChannelOptions options) => GrpcChannel.ForAddress(address, options).Dispose();
    }

    [Fact]
    public async Task A_disposed_channel_takes_no_calls_and_ends_those_it_has()
    {
        await using var server = await TestServer.StartAsync();
        var client = new TestService.TestServiceClient(server.Channel);
        using var open = client.FullDuplexCall();
        await open.RequestStream.WriteAsync(new StreamingOutputCallRequest());
        var reading = open.ResponseStream.MoveNext();
        server.Channel.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.EmptyCallAsync(new Empty()));
        Assert.Throws<ObjectDisposedException>(server.Channel.CreateCallInvoker);
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => reading.WaitAsync(Patience))).StatusCode);
    }

    [Fact]
    public async Task A_cancelled_write_cancels_its_call()
    {
        await using var server = await TestServer.StartAsync();
        using var call = new TestService.TestServiceClient(server.Channel).FullDuplexCall();
        var pause = new ResponseParameters { IntervalUs = 600_000_000 };
        await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { ResponseParameters = { pause } });
        using var cancellation = new CancellationTokenSource();
        var message = new StreamingOutputCallRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[1 << 20]) } };
        var writing = WriteUntilItStopsAsync();
        cancellation.CancelAfter(TimeSpan.FromMilliseconds(300));
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => writing.WaitAsync(Patience))).StatusCode);
        await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().WaitAsync(Patience));
        Assert.True(await server.Log.Cancelled.WaitAsync(Patience));

        async Task WriteUntilItStopsAsync()
        {
            while (true)
            {
                await call.RequestStream.WriteAsync(message, cancellation.Token);
            }
        }
    }

    [Fact]
    public async Task One_read_at_a_time()
    {
        await using var server = await TestServer.StartAsync();
        using var call = new TestService.TestServiceClient(server.Channel).FullDuplexCall();
        var first = call.ResponseStream.MoveNext(CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
        await call.RequestStream.WriteAsync(
            new StreamingOutputCallRequest { ResponseParameters = { new ResponseParameters { Size = 1 } } });
        Assert.True(await first.WaitAsync(Patience));
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_timeout_among_the_metadata_is_no_deadline()
    {
        await using var server = await TestServer.StartAsync();
        await new TestService.TestServiceClient(server.Channel).EmptyCallAsync(new Empty(), new Metadata { { "grpc-timeout", "1n" } });
    }

    [Fact]
    public async Task What_is_not_grpc_is_refused_in_the_words_of_http_and_of_grpc()
    {
        await using var server = await TestServer.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{server.Address}/grpc.testing.TestService/EmptyCall")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 0]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("13", response.Headers.GetValues("grpc-status").Single());
        Assert.Contains("text/plain", response.Headers.GetValues("grpc-message").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, null, StatusCode.Internal)]
    [InlineData(401, null, StatusCode.Unauthenticated)]
    [InlineData(403, null, StatusCode.PermissionDenied)]
    [InlineData(404, null, StatusCode.Unimplemented)]
    [InlineData(429, null, StatusCode.Unavailable)]
    [InlineData(431, null, StatusCode.Internal)]
    [InlineData(500, null, StatusCode.Unknown)]
    [InlineData(502, null, StatusCode.Unavailable)]
    [InlineData(503, null, StatusCode.Unavailable)]
    [InlineData(504, null, StatusCode.Unavailable)]
    [InlineData(503, "7", StatusCode.PermissionDenied)]
    public async Task The_answer_of_a_proxy_becomes_a_status(int code, string? grpcStatus, StatusCode expected)
    {
        var options = new GrpcChannelOptions { HttpHandler = new Proxy(code, grpcStatus), DisposeHttpClient = true };
        using var channel = GrpcChannel.ForAddress("http://localhost", options);
        var client = new TestService.TestServiceClient(channel);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await client.EmptyCallAsync(new Empty()));
        Assert.Equal(expected, error.StatusCode);
    }

    private static CallCredentials Credentials(string value) => CallCredentials.FromInterceptor((_, metadata) =>
    {
        metadata.Add(EchoedHeader, value);
        return Task.CompletedTask;
    });

    private sealed class Proxy(int code, string? grpcStatus) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage((HttpStatusCode)code) { Version = HttpVersion.Version20, RequestMessage = request };
            if (grpcStatus is not null)
            {
                response.Headers.Add("grpc-status", grpcStatus);
            }

            return Task.FromResult(response);
        }
    }
}
