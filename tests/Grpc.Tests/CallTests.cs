using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Tests.Interop;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Grpc.Tests;

public class CallTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    [InlineData(Transport.Tls)]
    public async Task All_kinds_of_calls_work(Transport transport)
    {
        await using var server = await TestServer.StartAsync(transport);
        await InteropCases.RunAllAsync(server.Channel, server.Log.Cancelled);
    }

    [Fact]
    public async Task Compressed_messages_travel_both_ways()
    {
        await using var server = await TestServer.StartAsync(configure: options => options.ResponseCompressionAlgorithm = "gzip");
        var request = new SimpleRequest { ResponseSize = 100_000, Payload = new Payload { Body = ByteString.CopyFrom(new byte[200_000]) } };
        var headers = new Metadata { { "grpc-internal-encoding-request", "gzip" } };
        using var call = new TestService.TestServiceClient(server.Channel).UnaryCallAsync(request, headers);
        Assert.Equal(100_000, (await call).Payload.Body.Length);
        Assert.Equal("gzip", await EncodingOfAsync(server));
    }

    [Fact]
    public async Task A_message_over_the_servers_limit_is_refused_and_the_server_goes_on()
    {
        await using var server = await TestServer.StartAsync(configure: options => options.MaxReceiveMessageSize = 1000);
        var client = new TestService.TestServiceClient(server.Channel);
        var large = new SimpleRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[2000]) } };
        Assert.Equal(
            StatusCode.ResourceExhausted,
            (await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryCallAsync(large))).StatusCode);
        await client.EmptyCallAsync(new Empty());
    }

    [Fact]
    public async Task A_message_over_the_clients_limits_is_refused()
    {
        await using var server = await TestServer.StartAsync(
            channel: options => (options.MaxReceiveMessageSize, options.MaxSendMessageSize) = (1000, 1000));
        var client = new TestService.TestServiceClient(server.Channel);
        var receive = await Assert.ThrowsAsync<RpcException>(
            async () => await client.UnaryCallAsync(new SimpleRequest { ResponseSize = 2000 }));
        Assert.Equal(StatusCode.ResourceExhausted, receive.StatusCode);
        var large = new SimpleRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[2000]) } };
        Assert.Equal(
            StatusCode.ResourceExhausted,
            (await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryCallAsync(large))).StatusCode);
        await client.EmptyCallAsync(new Empty());
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1, 2 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0, 0 }, StatusCode.Internal)]
    [InlineData(new byte[] { }, StatusCode.Internal)]
    [InlineData(new byte[] { 1, 0, 0, 0, 1, 7 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0x7F, 0xFF, 0xFF, 0xFF }, StatusCode.ResourceExhausted)]
    public Task Malformed_frames_get_a_status_and_the_server_goes_on(byte[] body, StatusCode expected) => CheckFrameAsync(body, expected);

    [Fact]
    public async Task A_server_that_is_not_there_is_unavailable()
    {
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await new TestService.TestServiceClient(channel).EmptyCallAsync(new Empty()));
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
    }

    [Fact]
    public async Task Interceptors_surround_calls_on_both_sides()
    {
        await using var server = await TestServer.StartAsync(configure: options => options.Interceptors.Add<RefusingInterceptor>());
        var client = new TestService.TestServiceClient(server.Channel.Intercept(new TokenInterceptor()));
        await client.EmptyCallAsync(new Empty());
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await new TestService.TestServiceClient(server.Channel).EmptyCallAsync(new Empty()));
        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    [Theory]
    [InlineData(HealthStatus.Healthy, HealthCheckResponse.Types.ServingStatus.Serving)]
    [InlineData(HealthStatus.Degraded, HealthCheckResponse.Types.ServingStatus.Serving)]
    [InlineData(HealthStatus.Unhealthy, HealthCheckResponse.Types.ServingStatus.NotServing)]
    [InlineData(null, HealthCheckResponse.Types.ServingStatus.Unknown)]
    public async Task Health_answers_for_the_server_and_not_for_unknown_services(
        HealthStatus? health, HealthCheckResponse.Types.ServingStatus expected)
    {
        await using var server = await TestServer.StartAsync(health: health);
        var client = new Health.V1.Health.HealthClient(server.Channel);
        Assert.Equal(expected, (await client.CheckAsync(new HealthCheckRequest())).Status);
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await client.CheckAsync(new HealthCheckRequest { Service = "nobody" }));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        using var watch = client.Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext().WaitAsync(Patience));
        Assert.Equal(expected, watch.ResponseStream.Current.Status);
    }

    [Fact]
    public async Task Reflection_lists_services_and_describes_them_in_both_versions()
    {
        await using var server = await TestServer.StartAsync();
        using var v1 = new Reflection.V1.ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo();
        await v1.RequestStream.WriteAsync(new Reflection.V1.ServerReflectionRequest { ListServices = "" });
        Assert.True(await v1.ResponseStream.MoveNext().WaitAsync(Patience));
        Assert.Contains("grpc.testing.TestService", v1.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name));
        await v1.RequestStream.WriteAsync(new Reflection.V1.ServerReflectionRequest { FileContainingSymbol = "grpc.testing.TestService" });
        Assert.True(await v1.ResponseStream.MoveNext().WaitAsync(Patience));
        Assert.NotEmpty(v1.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto);

        using var alpha = new Reflection.V1Alpha.ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo();
        await alpha.RequestStream.WriteAsync(new Reflection.V1Alpha.ServerReflectionRequest { FileByFilename = "nothing.proto" });
        Assert.True(await alpha.ResponseStream.MoveNext().WaitAsync(Patience));
        Assert.Equal((int)StatusCode.NotFound, alpha.ResponseStream.Current.ErrorResponse.ErrorCode);
    }

    internal static async Task CheckFrameAsync(byte[] body, StatusCode expected)
    {
        await using var server = await TestServer.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{server.Address}/grpc.testing.TestService/UnaryCall")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var response = await http.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        var status = response.Headers.TryGetValues("grpc-status", out var values)
            ? values.Single()
            : response.TrailingHeaders.GetValues("grpc-status").Single();
        Assert.Equal(((int)expected).ToString(System.Globalization.CultureInfo.InvariantCulture), status);
        await new TestService.TestServiceClient(server.Channel).EmptyCallAsync(new Empty());
    }

    private static async Task<string?> EncodingOfAsync(TestServer server)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{server.Address}/grpc.testing.TestService/EmptyCall")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 0]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Add("grpc-accept-encoding", "gzip");
        using var response = await http.SendAsync(request);
        return response.Headers.GetValues("grpc-encoding").Single();
    }

    private sealed class TokenInterceptor : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context,
            AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            var options = context.Options.WithHeaders(new Metadata { { "token", "open" } });
            return continuation(request, new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, options));
        }
    }

    private sealed class RefusingInterceptor : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
            context.RequestHeaders.GetValue("token") == "open"
                ? continuation(request, context)
                : throw new RpcException(new Status(StatusCode.Unauthenticated, "no token"));
    }
}
