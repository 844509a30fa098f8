using Grpc.Core;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>What a caller who is let in can make a service spend.</summary>
public sealed class LimitTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Socket => _folder.At("s");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_message_that_inflates_too_much_is_refused_though_it_is_no_larger_than_messages_may_be()
    {
        await using var service = await StartAsync(new ServiceLimits { CompressionRatio = 50 });
        using var client = Bare("Unary");

        var refused = await client.CallAsync("any", GzipBomb.Message(32 << 20));
        var small = await client.CallAsync("any", GzipBomb.Message(512 << 10));

        Assert.Equal("8", refused.Status);
        Assert.Contains("more than 50 times larger", refused.Message, StringComparison.Ordinal);
        Assert.Equal("0", small.Status);
    }

    [Fact]
    public async Task A_connection_holds_so_many_bytes_and_what_was_held_is_given_back()
    {
        await using var service = await StartAsync(new ServiceLimits { ConnectionBytes = 1 << 20 });
        var (large, usual) = (new Message { Text = new('x', 2 << 20) }, new Message { Text = new('x', 700 << 10) });

        for (var round = 0; round < 5; round++)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.UnaryAsync(large));
            Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
            Assert.Contains("RAPID_MAX_CONNECTION_BYTES", refused.Status.Detail, StringComparison.Ordinal);
            Assert.Equal(usual.Text.Length, (await service.Client.UnaryAsync(usual)).Text.Length);
        }

        // On one call too: each message is dealt with before the next is sent.
        using var chat = service.Client.Chat();
        for (var i = 0; i < 5; i++)
        {
            await chat.RequestStream.WriteAsync(usual);
            Assert.True(await chat.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal(usual.Text.Length, chat.ResponseStream.Current.Text.Length);
        }
    }

    [Fact]
    public async Task Messages_that_never_end_fill_the_service_up_to_its_limit_until_their_time_is_over()
    {
        await using var service = await StartAsync(new ServiceLimits { ServiceBytes = 1 << 20, BodySeconds = 4 });
        using var first = Bare("Unary");
        using var second = Bare("Collect");
        using var halves = new HalfBody(900 << 10);
        using var others = new HalfBody(900 << 10);
        var calls = new[] { first.CallAsync("any", halves), second.CallAsync("any", others) };
        await Task.WhenAll(halves.Sent, others.Sent);

        var usual = new Message { Text = new('x', 700 << 10) };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.UnaryAsync(usual));
        var ended = await Task.WhenAll(calls);

        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.Contains("RAPID_MAX_SERVICE_BYTES", refused.Status.Detail, StringComparison.Ordinal);
        Assert.All(ended, call => Assert.Equal("4", call.Status));
        Assert.All(ended, call => Assert.Contains("RAPID_MAX_BODY_SECONDS", call.Message, StringComparison.Ordinal));
        Assert.Equal(usual.Text.Length, (await service.Client.UnaryAsync(usual)).Text.Length);
    }

    [Fact]
    public async Task A_stream_may_be_silent_for_longer_than_a_message_may_take()
    {
        await using var service = await StartAsync(new ServiceLimits { BodySeconds = 1 });
        using var chat = service.Client.Chat();
        for (var i = 0; i < 2; i++)
        {
            await chat.RequestStream.WriteAsync(new Message { Text = $"{i}" });
            Assert.True(await chat.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal($"{i}", chat.ResponseStream.Current.Text);
            await Task.Delay(TimeSpan.FromSeconds(2));
        }

        // Nor does the handler's time count.
        Assert.Equal("slow", (await service.Client.UnaryAsync(new Message { Text = "slow", DelayMilliseconds = 2000 })).Text);
    }

    [Fact]
    public async Task There_are_so_many_connections_and_so_many_calls_on_each()
    {
        await using var service = await StartAsync(new ServiceLimits { Connections = 1, Streams = 2 });
        using var one = service.Client.Follow(new Message());
        using var two = service.Client.Follow(new Message());
        Assert.True(await one.ResponseStream.MoveNext(CancellationToken.None) && await two.ResponseStream.MoveNext(CancellationToken.None));

        // The client opens another connection for it, which is closed.
        await Assert.ThrowsAsync<RpcException>(async () =>
            await service.Client.UnaryAsync(new Message(), deadline: DateTime.UtcNow.AddSeconds(5)));
        one.Dispose();

        for (var attempt = 0; attempt < 100; attempt++)
        {
            try
            {
                await service.Client.UnaryAsync(new Message(), deadline: DateTime.UtcNow.AddSeconds(5));
                return;
            }
            catch (RpcException) when (attempt < 99)
            {
                await Task.Delay(50);
            }
        }
    }

    [Fact]
    public async Task A_peer_calls_so_often_a_second_and_can_again_afterwards()
    {
        await using var service = await StartAsync(new ServiceLimits { Requests = 20 });

        var refusals = new List<RpcException>();
        for (var call = 0; call < 200 && refusals.Count == 0; call++)
        {
            try
            {
                await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => service.Client.UnaryAsync(new Message()).ResponseAsync));
            }
            catch (RpcException refused)
            {
                refusals.Add(refused);
            }
        }

        var refusal = Assert.Single(refusals);
        Assert.Equal(StatusCode.Unavailable, refusal.StatusCode);
        Assert.Contains("RAPID_MAX_REQUESTS", refusal.Status.Detail, StringComparison.Ordinal);
        Assert.True(Resilience.IsTransient(refusal));
        await Task.Delay(TimeSpan.FromSeconds(2.5));
        await service.Client.UnaryAsync(new Message());
    }

    private Task<RunningService> StartAsync(ServiceLimits limits) =>
        RunningService.StartAsync(RunningService.Options($"unix:{Socket}") with { Limits = limits });

    private BareClient Bare(string method) => new(Socket, $"rapid.hosting.tests.Echo/{method}");
}
