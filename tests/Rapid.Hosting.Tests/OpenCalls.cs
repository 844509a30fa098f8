using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>Two calls that are under way when a service stops: one ends when its client has said everything, one never would.</summary>
internal sealed class OpenCalls : IDisposable
{
    private readonly AsyncDuplexStreamingCall<Message, Message> _finite;
    private readonly AsyncServerStreamingCall<Message> _endless;

    private OpenCalls(Echo.EchoClient client) => (_finite, _endless) = (client.Chat(), client.Follow(new Message()));

    /// <summary>Returns when the service has begun both.</summary>
    public static async Task<OpenCalls> BeginAsync(GrpcChannel channel)
    {
        var calls = new OpenCalls(new Echo.EchoClient(channel));
        await calls.ChatAsync("before");
        Assert.True(await calls._endless.ResponseStream.MoveNext(CancellationToken.None));
        return calls;
    }

    /// <summary>The endless call ends first, so the service is stopping when the other one goes on.</summary>
    public async Task AssertEndGracefullyAsync()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => _endless.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal((StatusCode.Unavailable, "the service stops"), (error.StatusCode, error.Status.Detail));
        Assert.True(Resilience.IsTransient(error));
        await ChatAsync("during");
        await _finite.RequestStream.CompleteAsync();
        Assert.False(await _finite.ResponseStream.MoveNext(CancellationToken.None));
    }

    public void Dispose()
    {
        _finite.Dispose();
        _endless.Dispose();
    }

    private async Task ChatAsync(string text)
    {
        await _finite.RequestStream.WriteAsync(new Message { Text = text });
        Assert.True(await _finite.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(text, _finite.ResponseStream.Current.Text);
    }
}
