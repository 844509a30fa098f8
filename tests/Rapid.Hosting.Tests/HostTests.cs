using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

public class HostTests
{
    [Fact]
    public async Task A_service_answers_calls_and_health_checks_on_all_its_addresses()
    {
        using var folder = new TestFolder();
        var options = RunningService.Options() with
        {
            Listen =
            [
                ServiceAddress.Parse("http://127.0.0.1:0"), ServiceAddress.Unix(folder.At("s")), ServiceAddress.Parse("http://localhost:0"),
            ],
        };
        await using var service = await RunningService.StartAsync(options);

        Assert.Equal(3, service.App.Urls.Count);
        Assert.All(service.App.Urls, url => Assert.DoesNotContain(":0", url[^2..], StringComparison.Ordinal));
        var tcp = service.App.Urls.Where(url => !url.Contains("unix", StringComparison.Ordinal)).Select(ServiceAddress.Parse);
        ServiceAddress[] addresses = [.. tcp, options.Listen[1]];
        foreach (var address in addresses)
        {
            using var channel = Channels.Open(address, options);
            Assert.True(await Health.IsServingAsync(channel));
            Assert.Equal("hello", (await new Echo.EchoClient(channel).UnaryAsync(new Message { Text = "hello" })).Text);
        }
    }

    [Fact]
    public async Task Messages_up_to_the_limit_pass_and_larger_ones_are_refused_on_both_sides()
    {
        var small = RunningService.Options() with { MaxMessageBytes = 64 << 10 };
        var large = RunningService.Options() with { MaxMessageBytes = 1 << 20 };
        await using var service = await RunningService.StartAsync(small, large);
        using var careful = Channels.Open(service.Address, small);
        var tooLarge = new Message { Text = new string('x', 70_000) };

        Assert.Equal(65_000, (await service.Client.UnaryAsync(new Message { Text = new string('x', 65_000) })).Text.Length);
        foreach (var client in new[] { service.Client, new Echo.EchoClient(careful) })
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(tooLarge));
            Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        }

        Assert.Equal("still there", (await service.Client.UnaryAsync(new Message { Text = "still there" })).Text);
    }

    [Fact]
    public async Task Tls_with_a_root_that_only_the_client_knows_works_through_an_intermediate()
    {
        using var folder = new TestFolder();
        var (known, stranger) = (new Certificates(folder, "known"), new Certificates(folder, "stranger"));
        var server = RunningService.Options("https://127.0.0.1:0") with { TlsCertificate = known.Chain, TlsKey = known.Key, Token = "t" };
        await using var service = await RunningService.StartAsync(server, server with { TlsCa = known.Root });

        Assert.True(service.Address.IsSecure);
        Assert.Equal("secret", (await service.Client.UnaryAsync(new Message { Text = "secret" })).Text);
        Assert.True(await Health.IsServingAsync(service.Channel));
        await AssertUnreachable(service.Address, server with { TlsCa = stranger.Root });
        await AssertUnreachable(service.Address, server with { TlsCa = null });
        await AssertUnreachable(ServiceAddress.Parse($"http://127.0.0.1:{service.Address.Port}"), server);
        // The certificate is for 127.0.0.1.
        await AssertUnreachable(ServiceAddress.Parse($"https://localhost:{service.Address.Port}"), server with { TlsCa = known.Root });
    }

    [Fact]
    public async Task Stopping_lets_calls_finish_and_ends_those_that_never_would_with_unavailable()
    {
        using var folder = new TestFolder();
        var service = await RunningService.StartAsync(RunningService.Options($"unix:{folder.At("s")}"));
        using var calls = await OpenCalls.BeginAsync(service.Channel);

        var stop = service.App.StopAsync();

        await calls.AssertEndGracefullyAsync();
        await stop;
        Assert.False(File.Exists(folder.At("s")));
        await service.DisposeAsync();
    }

    [Fact]
    public async Task A_fault_of_the_service_is_an_answer_and_not_the_end_of_it()
    {
        await using var service = await RunningService.StartAsync(RunningService.Options());

        var impossible = new Message { DelayMilliseconds = -7 };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.UnaryAsync(impossible));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.Equal("alive", (await service.Client.UnaryAsync(new Message { Text = "alive" })).Text);
    }

    [Fact]
    public async Task A_port_in_use_is_said_and_a_range_takes_the_next_one()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var options = RunningService.Options($"http://127.0.0.1:{port}");
        var error = await Assert.ThrowsAsync<IOException>(() => RunningService.StartAsync(options));
        Assert.IsType<AddressInUseException>(error.InnerException);
        Assert.Contains($"127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
        if (port < 65_000)
        {
            await using var service = await RunningService.StartAsync(RunningService.Options($"http://127.0.0.1:{port}-{port + 500}"));
            Assert.InRange(service.Address.Port, port + 1, port + 500);
            Assert.True(await Health.IsServingAsync(service.Channel));
        }
    }

    [Fact]
    public async Task The_socket_of_a_running_service_is_not_taken_away_from_it()
    {
        using var folder = new TestFolder();
        var options = RunningService.Options($"unix:{folder.At("s")}");
        await using var service = await RunningService.StartAsync(options);

        var error = await Assert.ThrowsAsync<ConfigurationException>(() => RunningService.StartAsync(options));

        Assert.Equal(
            $"RAPID_LISTEN: cannot listen on unix:{folder.At("s")}: a running service listens on it; stop that or choose another path",
            error.Message);
        Assert.True(await Health.IsServingAsync(service.Channel));
    }

    [Fact]
    public async Task A_file_or_folder_in_the_place_of_a_socket_is_left_alone()
    {
        using var folder = new TestFolder();
        var file = folder.Write("model.safetensors", "weights");
        Directory.CreateDirectory(folder.At("runs"));

        Assert.Contains("no socket", await RefusalOf(file), StringComparison.Ordinal);
        Assert.Contains("no socket", await RefusalOf(folder.At("runs")), StringComparison.Ordinal);
        Assert.Contains("does not exist", await RefusalOf(folder.At("missing/s")), StringComparison.Ordinal);
        Assert.Equal("weights", await File.ReadAllTextAsync(file));

        static async Task<string> RefusalOf(string path)
        {
            var options = RunningService.Options($"unix:{path}");
            return (await Assert.ThrowsAsync<ConfigurationException>(() => RunningService.StartAsync(options))).Message;
        }
    }

    private static async Task AssertUnreachable(ServiceAddress address, ServiceOptions options)
    {
        using var channel = Channels.Open(address, options);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Echo.EchoClient(channel).UnaryAsync(new Message(), deadline: DateTime.UtcNow.AddSeconds(20)));
        Assert.True(error.StatusCode is StatusCode.Unavailable or StatusCode.Internal, error.ToString());
    }
}
