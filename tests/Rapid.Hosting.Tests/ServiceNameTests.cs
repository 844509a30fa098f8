using Grpc.Core;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>Names that stand for addresses, as they are at the moment.</summary>
public sealed class ServiceNameTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("dns:///replay.rapid:5101", false)]
    [InlineData("dns:///[::1]:5101", false)]
    [InlineData("dns+https:///replay:5101", true)]
    [InlineData("file:///run/replays", false)]
    [InlineData("file+https:///run/replays", true)]
    [InlineData("https://10.0.0.1:5101?name=replay", true)]
    public void A_name_says_what_was_read(string text, bool isSecure)
    {
        var address = ServiceAddress.Parse(text);

        Assert.Equal((text, isSecure, true), ($"{address}", address.IsSecure, address.IsReachable));
        Assert.Equal(address, ServiceAddress.Parse($"{address}"));
    }

    [Fact]
    public async Task A_DNS_name_stands_for_every_address_of_it_and_certificates_are_still_of_the_name()
    {
        var plain = await ServiceNames.FindAsync(ServiceAddress.Parse("dns:///localhost:5101"), CancellationToken.None);
        var secure = await ServiceNames.FindAsync(ServiceAddress.Parse("dns+https:///localhost:5101"), CancellationToken.None);

        Assert.Contains(ServiceAddress.Parse("http://127.0.0.1:5101"), plain);
        Assert.All(secure, address => Assert.Equal((true, "localhost", false), (address.IsSecure, address.ServerName, address.IsName)));
        Assert.Contains("https://127.0.0.1:5101?name=localhost", secure.Select(address => $"{address}"));
        Assert.All(secure, address => Assert.Equal(address, ServiceAddress.Parse($"{address}")));
        var unknown = await Assert.ThrowsAsync<IOException>(
            () => ServiceNames.FindAsync(ServiceAddress.Parse("dns:///nobody.invalid:1"), CancellationToken.None));
        Assert.Contains("dns:///nobody.invalid:1 cannot be resolved", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_stands_for_its_lines_and_says_which_of_them_is_wrong()
    {
        var path = _folder.Write("list", "# both\n10.0.0.1:5101\n\nreplay-1:5101 # the second\n unix:/run/replay.sock\n10.0.0.1:5101\n");

        Assert.Equal(
            ["http://10.0.0.1:5101", "http://replay-1:5101", "unix:/run/replay.sock"],
            (await ServiceNames.FindAsync(ServiceAddress.Parse($"file://{path}"), CancellationToken.None)).Select(address => $"{address}"));
        foreach (var (lines, named) in new[] { ("a:1\nhttp://b:1", "'http://b:1'"), ("unix:/a", "'unix:/a'"), ("a:0", "'a:0'") })
        {
            await File.WriteAllTextAsync(path, lines);
            var wrong = await Assert.ThrowsAsync<IOException>(
                () => ServiceNames.FindAsync(ServiceAddress.Parse($"file+https://{path}"), CancellationToken.None));
            Assert.Contains($"{path}: {named}", wrong.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_channel_to_a_name_finds_the_service_where_it_is_now_past_addresses_where_nobody_is()
    {
        var path = _folder.Write("list", "");
        using var channel = Channels.Open(ServiceAddress.Parse($"file://{path}"), RunningService.Options());
        var client = new Echo.EchoClient(channel);
        for (var life = 0; life < 2; life++)
        {
            await using var service = await RunningService.StartAsync(RunningService.Options());
            var place = new Uri($"{service.Address}");
            await File.WriteAllTextAsync(path, $"127.0.0.1:{FreePorts.One()}\n{place.Host}:{place.Port}\n");
            await EventuallyAsync(async () => await client.UnaryAsync(new Message()));
        }
    }

    [Fact]
    public async Task With_TLS_a_service_is_trusted_by_the_name_that_led_to_it()
    {
        var tls = new Certificates(_folder);
        await using var service = await RunningService.StartAsync(
            RunningService.Options("https://127.0.0.1:0") with { TlsCertificate = tls.Chain, TlsKey = tls.Key },
            RunningService.Options() with { TlsCa = tls.Root });
        var port = new Uri($"{service.Address}").Port;
        var path = _folder.Write("list", $"127.0.0.1:{port}");
        var client = RunningService.Options() with { TlsCa = tls.Root };

        using var right = Channels.Open(ServiceAddress.Parse($"file+https://{path}"), client);
        await new Echo.EchoClient(right).UnaryAsync(new Message());
        using var wrong = Channels.Open(ServiceAddress.Parse($"https://127.0.0.1:{port}?name=replay"), client);
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await new Echo.EchoClient(wrong).UnaryAsync(new Message()));
        Assert.Contains("is not one of 'replay'", Channels.TlsProblemOf(refused), StringComparison.Ordinal);
    }

    private static async Task EventuallyAsync(Func<Task> call)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(60); ;)
        {
            try
            {
                await call();
                return;
            }
            catch (RpcException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(50);
            }
        }
    }
}
