using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Rapid.Hosting.Tests;

/// <summary>What a channel does by itself when a service is unavailable for a moment.</summary>
public class ChannelRetryTests
{
    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(static (byte[] bytes) => bytes, static bytes => bytes);

    [Theory]
    [InlineData("rapid.v1.Replay", "Stats")]
    [InlineData("rapid.v1.Experiments", "List")]
    [InlineData("rapid.v1.Experiments", "Cancel")]
    public async Task A_call_that_may_be_made_twice_is_tried_again(string service, string method)
    {
        var attempts = 0;
        await using var app = await StartAsync($"/{service}/{method}", () => Interlocked.Increment(ref attempts) <= 2);

        Assert.Empty(await CallAsync(app, service, method));

        Assert.Equal(3, attempts);
    }

    [Theory]
    [InlineData("rapid.v1.Experiments", "Submit")]
    [InlineData("rapid.v1.Replay", "DropTable")]
    public async Task A_call_that_may_not_be_made_twice_is_made_once(string service, string method)
    {
        var attempts = 0;
        await using var app = await StartAsync($"/{service}/{method}", () => Interlocked.Increment(ref attempts) <= 2);

        var error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(app, service, method));

        Assert.Equal((StatusCode.Unavailable, 1), (error.StatusCode, attempts));
    }

    /// <summary>A service of one method, which answers UNAVAILABLE for as long as it is away, and then an empty message.</summary>
    private static async Task<WebApplication> StartAsync(string path, Func<bool> isAway)
    {
        var app = RapidHost.Build("away", RunningService.Options(), _ => { }, app => app.MapPost(path, async (HttpContext context) =>
        {
            context.Response.ContentType = "application/grpc";
            if (isAway())
            {
                context.Response.Headers["grpc-status"] = "14";
                return;
            }

            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", "0");
        }), LogLevel.None);
        await app.StartAsync();
        return app;
    }

    private static async Task<byte[]> CallAsync(WebApplication app, string service, string method)
    {
        using var channel = Channels.Open(ServiceAddress.Parse(app.Urls.First()), RunningService.Options());
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(
            new Method<byte[], byte[]>(MethodType.Unary, service, method, Raw, Raw), null, default, []);
        return await call.ResponseAsync;
    }
}
