using Grpc.Core;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

public class TokenTests
{
    private const string Token = "correct-horse";

    public static TheoryData<string?> WrongHeaders() =>
    [
        (string?)null, "", "Bearer", "Bearer ", "Bearer wrong", "Bearer correct-hors", "Bearer correct-horse2", "Bearer Correct-Horse",
        "Basic correct-horse", "correct-horse",
    ];

    [Theory, MemberData(nameof(WrongHeaders))]
    public async Task Every_kind_of_call_without_the_right_token_is_refused(string? header)
    {
        await using var service = await RunningService.StartAsync(Options() with { Token = Token });
        using var channel = Channels.Open(service.Address, Options());
        var client = new Echo.EchoClient(channel);
        var headers = new Metadata();
        if (header is not null)
        {
            headers.Add("authorization", header);
        }

        // A service that lets the calls in would wait for their messages.
        var options = new CallOptions(headers, DateTime.UtcNow.AddSeconds(20));
        await AssertRefused(async () => await client.UnaryAsync(new Message(), options));
        await AssertRefused(async () =>
        {
            using var call = client.Collect(options);
            await call.ResponseAsync;
        });
        await AssertRefused(async () =>
        {
            using var call = client.Follow(new Message(), options);
            await call.ResponseStream.MoveNext(CancellationToken.None);
        });
        await AssertRefused(async () =>
        {
            using var call = client.Chat(options);
            await call.ResponseStream.MoveNext(CancellationToken.None);
        });
    }

    [Fact]
    public async Task Every_kind_of_call_of_a_channel_with_the_token_is_served()
    {
        await using var service = await RunningService.StartAsync(Options() with { Token = Token });
        var client = service.Client;

        Assert.Equal("a", (await client.UnaryAsync(new Message { Text = "a" })).Text);
        using var collect = client.Collect();
        await collect.RequestStream.WriteAsync(new Message { Text = "b" });
        await collect.RequestStream.WriteAsync(new Message { Text = "c" });
        await collect.RequestStream.CompleteAsync();
        Assert.Equal("b c", (await collect).Text);
        using var follow = client.Follow(new Message { Text = "d" });
        Assert.True(await follow.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("d", follow.ResponseStream.Current.Text);
        using var chat = client.Chat();
        await chat.RequestStream.WriteAsync(new Message { Text = "e" });
        Assert.True(await chat.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("e", chat.ResponseStream.Current.Text);
        await chat.RequestStream.CompleteAsync();
        Assert.False(await chat.ResponseStream.MoveNext(CancellationToken.None));
    }

    [Fact]
    public async Task Health_checks_need_no_token_but_reflection_does()
    {
        await using var service = await RunningService.StartAsync(Options() with { Token = Token });
        using var channel = Channels.Open(service.Address, Options());

        Assert.True(await Health.IsServingAsync(channel));
        await AssertRefused(() => ReflectAsync(channel));
    }

    [Theory]
    [InlineData(Roles.Operator, true)]
    [InlineData(Roles.Viewer, false)]
    [InlineData(Roles.Actor, false)]
    public async Task A_method_that_names_no_role_serves_operators_and_reflection_serves_every_role(string role, bool isServed)
    {
        var tokens = Roles.All.ToDictionary(role => role, role => $"token-of-{role}");
        await using var service = await RunningService.StartAsync(
            Options() with { RoleTokens = tokens }, Options() with { Token = $"token-of-{role}" });

        var calling = service.Client.UnaryAsync(new Message { Text = "a" }).ResponseAsync;

        if (isServed)
        {
            Assert.Equal("a", (await calling).Text);
        }
        else
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => calling);
            Assert.Equal(
                (StatusCode.PermissionDenied, $"the {role}'s token does not allow this call; RAPID_TOKEN_OPERATOR does"),
                (refused.StatusCode, refused.Status.Detail));
        }

        Assert.False(await ReflectAsync(service.Channel));
    }

    [Fact]
    public async Task A_service_that_knows_only_roles_asks_for_their_tokens_by_name()
    {
        var tokens = new Dictionary<string, string> { [Roles.Actor] = Token, [Roles.Viewer] = "other" };
        await using var service = await RunningService.StartAsync(Options() with { RoleTokens = tokens }, Options());

        var error = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.UnaryAsync(new Message()));

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Equal("this service asks for the token that RAPID_TOKEN_ACTOR or RAPID_TOKEN_VIEWER holds", error.Status.Detail);
    }

    [Fact]
    public async Task A_service_without_a_token_asks_for_none_and_ignores_one()
    {
        await using var service = await RunningService.StartAsync(Options(), Options() with { Token = "whatever" });

        Assert.Equal("a", (await service.Client.UnaryAsync(new Message { Text = "a" })).Text);
    }

    [Fact]
    public async Task The_refusal_says_what_to_set_and_not_what_the_token_is()
    {
        await using var service = await RunningService.StartAsync(Options() with { Token = Token }, Options() with { Token = "wrong" });

        var error = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.UnaryAsync(new Message()));

        Assert.Contains("RAPID_TOKEN", error.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, error.ToString(), StringComparison.Ordinal);
        Assert.False(Resilience.IsTransient(error));
    }

    private static ServiceOptions Options() => RunningService.Options();

    /// <summary>Asks server reflection for nothing; false, because it says nothing.</summary>
    private static async Task<bool> ReflectAsync(ChannelBase channel)
    {
        var raw = Marshallers.Create(static (byte[] bytes) => bytes, static bytes => bytes);
        var method = new Method<byte[], byte[]>(
            MethodType.DuplexStreaming, "grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", raw, raw);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            method, null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(20)));
        await call.RequestStream.CompleteAsync();
        return await call.ResponseStream.MoveNext(CancellationToken.None);
    }

    private static async Task AssertRefused(Func<Task> call) =>
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
}
