using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>What a service does as a process: its configuration, its exit codes, its signals, what it leaves behind.</summary>
public class ProcessTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_stops_it_gracefully_with_exit_code_0(string signal)
    {
        using var folder = new TestFolder();
        var address = $"unix:{folder.At("s")}";
        await using var service = new ServiceProcess(folder.Path, ("RAPID_LISTEN", address));
        using var channel = await ServiceProcess.ConnectAsync(address);
        using var calls = await OpenCalls.BeginAsync(channel);

        await service.SignalAsync(signal);

        await calls.AssertEndGracefullyAsync();
        var (exitCode, _, errors) = await service.EndAsync();
        Assert.Equal((0, ""), (exitCode, errors));
        Assert.False(File.Exists(folder.At("s")));
    }

    [Fact]
    public async Task Calls_that_never_end_do_not_keep_it_from_stopping_before_an_orchestrator_would_kill_it()
    {
        using var folder = new TestFolder();
        var address = $"unix:{folder.At("s")}";
        await using var service = new ServiceProcess(folder.Path, ("RAPID_LISTEN", address));
        using var channel = await ServiceProcess.ConnectAsync(address);
        var client = new Echo.EchoClient(channel);
        using var lingering = client.Linger(new Message());
        Assert.True(await lingering.ResponseStream.MoveNext(CancellationToken.None));
        using var halfSent = client.Collect();
        await halfSent.RequestStream.WriteAsync(new Message());

        await service.SignalAsync("TERM");

        // The host's own limit, 30 seconds, is three times what docker and Kubernetes leave a container by default.
        var (exitCode, _, errors) = await service.EndAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((0, ""), (exitCode, errors));
    }

    [Theory]
    [InlineData("Unauthenticated", 3)]
    [InlineData("PermissionDenied", 3)]
    [InlineData("Unimplemented", 1)]
    [InlineData("anything else", 1)]
    public async Task Work_in_the_background_that_fails_ends_it_with_an_exit_code_that_says_so(string failure, int expected)
    {
        using var folder = new TestFolder();
        await using var service = new ServiceProcess(
            folder.Path, ("RAPID_LISTEN", $"unix:{folder.At("s")}"), ("ECHO_FAILS", failure));

        var (exitCode, output, errors) = await service.EndAsync();

        Assert.Equal(expected, exitCode);
        if (Enum.IsDefined(typeof(StatusCode), failure))
        {
            Assert.Contains("refused", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains(failure, output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_socket_file_of_a_killed_process_is_replaced_and_its_clients_come_back()
    {
        using var folder = new TestFolder();
        var address = $"unix:{folder.At("s")}";
        await using var first = new ServiceProcess(folder.Path, ("RAPID_LISTEN", address));
        using var channel = await ServiceProcess.ConnectAsync(address);

        await first.SignalAsync("KILL");
        await first.EndAsync();

        Assert.True(File.Exists(folder.At("s")));
        Assert.Equal(
            StatusCode.Unavailable,
            (await Assert.ThrowsAsync<RpcException>(async () => await new Echo.EchoClient(channel).UnaryAsync(new Message()))).StatusCode);
        await using var second = new ServiceProcess(folder.Path, ("RAPID_LISTEN", address));
        using var other = await ServiceProcess.ConnectAsync(address);
        Assert.Equal("back", (await new Echo.EchoClient(channel).UnaryAsync(new Message { Text = "back" })).Text);
    }

    [Fact]
    public async Task Appsettings_are_read_from_the_current_folder_and_the_environment_wins()
    {
        using var folder = new TestFolder();
        folder.Write("appsettings.json", $$"""{ "RAPID_LISTEN": "unix:{{folder.At("file")}}", "RAPID_TOKEN": "from-file" }""");
        await using (var configured = new ServiceProcess(folder.Path))
        {
            using var channel = await ServiceProcess.ConnectAsync($"unix:{folder.At("file")}", "from-file");
        }

        await using var overridden = new ServiceProcess(folder.Path, ("RAPID_LISTEN", $"unix:{folder.At("variable")}"));
        using var its = await ServiceProcess.ConnectAsync($"unix:{folder.At("variable")}", "from-file");
    }

    [Fact]
    public async Task A_wrong_configuration_ends_it_with_exit_code_2_and_one_line_a_problem()
    {
        using var folder = new TestFolder();
        folder.Write("appsettings.json", """{ "RAPID_MAX_MESSAGE": "huge" }""");
        await using var service = new ServiceProcess(folder.Path, ("RAPID_LISTEN", "nowhere"), ("RAPID_ACTOR_SLOTS", "0"));

        var (exitCode, _, errors) = await service.EndAsync();

        Assert.Equal(2, exitCode);
        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["RAPID_LISTEN", "RAPID_MAX_MESSAGE", "RAPID_ACTOR_SLOTS"], lines.Select(line => line.Split(':')[0]));
    }

    [Fact]
    public async Task A_settings_file_that_is_no_json_is_named()
    {
        using var folder = new TestFolder();
        folder.Write("appsettings.json", "{ \"RAPID_LISTEN\": ");
        await using var service = new ServiceProcess(folder.Path);

        var (exitCode, _, errors) = await service.EndAsync();

        Assert.Equal(2, exitCode);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("appsettings.json", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_cannot_be_listened_on_ends_it_with_exit_code_2_and_one_line()
    {
        using var folder = new TestFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        // 192.0.2.0/24 belongs to no machine (RFC 5737).
        string[] addresses = [$"http://{taken.LocalEndpoint}", "http://192.0.2.1:5101", $"unix:{folder.At("missing/s")}"];
        foreach (var address in addresses)
        {
            await using var service = new ServiceProcess(folder.Path, ("RAPID_LISTEN", address));

            var (exitCode, _, errors) = await service.EndAsync();

            Assert.Equal((address, 2), (address, exitCode));
            var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.StartsWith("RAPID_LISTEN: ", line, StringComparison.Ordinal);
            Assert.Contains(address, line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Its_output_is_the_line_that_says_where_it_listens()
    {
        using var folder = new TestFolder();
        await using var service = new ServiceProcess(folder.Path, ("RAPID_LISTEN", $"unix:{folder.At("s")}"));
        using var channel = await ServiceProcess.ConnectAsync($"unix:{folder.At("s")}");

        await service.SignalAsync("TERM");

        var (exitCode, output, _) = await service.EndAsync();
        Assert.Equal(0, exitCode);
        Assert.Contains($"listening on http://unix:{folder.At("s")}", output, StringComparison.Ordinal);
    }
}
