namespace Rapid.Hosting.Tests;

/// <summary>What a caller sends whom the service does not serve costs it no memory.</summary>
public class RefusedBodyTests
{
    private const string Token = "correct-horse";
    private const long MostGrowth = 10 << 20;

    [Fact]
    public async Task Bodies_of_callers_without_the_token_are_not_read()
    {
        using var folder = new TestFolder();
        var address = $"unix:{folder.At("s")}";
        await using var service = new ServiceProcess(folder.Path, ("RAPID_LISTEN", address), ("RAPID_TOKEN", Token));
        using var channel = await ServiceProcess.ConnectAsync(address, Token);
        using var client = new BareClient(folder.At("s"), "rapid.hosting.tests.Echo/Unary");
        // The first call of a kind loads what all of them share.
        await client.CallAsync("wrong", GzipBomb.Message(1 << 20));
        var before = service.WorkingSet;

        var bomb = GzipBomb.Message(256 << 20);
        for (var call = 0; call < 4; call++)
        {
            Assert.Equal("16", (await client.CallAsync("wrong", bomb)).Status);
        }

        using var endless = new EndlessBody();
        var refusal = await client.CallAsync("wrong", endless);

        Assert.Equal(("16", "this service asks for the token that RAPID_TOKEN holds"), (refusal.Status, refusal.Message));
        // The service resets the stream, or the body would go on for ever.
        await endless.Ended;
        Assert.InRange(service.WorkingSet - before, long.MinValue, MostGrowth);
        Assert.True(await Health.IsServingAsync(channel));
    }

    [Fact]
    public async Task A_message_that_inflates_beyond_the_limit_is_refused_before_it_is_inflated()
    {
        using var folder = new TestFolder();
        var address = $"unix:{folder.At("s")}";
        await using var service = new ServiceProcess(
            folder.Path, ("RAPID_LISTEN", address), ("RAPID_TOKEN", Token), ("RAPID_MAX_MESSAGE", "1048576"));
        using var channel = await ServiceProcess.ConnectAsync(address, Token);
        using var client = new BareClient(folder.At("s"), "rapid.hosting.tests.Echo/Unary");
        Assert.Equal("0", (await client.CallAsync(Token, GzipBomb.Message(512 << 10))).Status);
        var before = service.WorkingSet;

        var bomb = GzipBomb.Message(256 << 20);
        for (var call = 0; call < 4; call++)
        {
            Assert.Equal("8", (await client.CallAsync(Token, bomb)).Status);
        }

        Assert.InRange(service.WorkingSet - before, long.MinValue, MostGrowth);
        Assert.True(await Health.IsServingAsync(channel));
    }
}
