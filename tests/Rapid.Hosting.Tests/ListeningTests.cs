using System.Net;
using System.Net.NetworkInformation;

namespace Rapid.Hosting.Tests;

/// <summary>Who can reach a service: what the names of addresses mean, and what is asked of one that other machines reach.</summary>
public class ListeningTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("Localhost")]
    [InlineData("LOCALHOST.")]
    [InlineData("127.1")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task A_name_of_this_machine_alone_opens_nothing_to_other_machines(string host)
    {
        var port = FreePorts.One();
        await using var service = await RunningService.StartAsync(RunningService.Options($"http://{host}:{port}"));

        var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(listener => listener.Port == port);
        Assert.NotEmpty(listeners);
        Assert.All(listeners, listener => Assert.True(
            IPAddress.IsLoopback(listener.Address.IsIPv4MappedToIPv6 ? listener.Address.MapToIPv4() : listener.Address), $"{listener}"));
    }

    [Theory]
    [InlineData("RAPID_LISTEN")]
    [InlineData("RAPID_METRICS_LISTEN")]
    public async Task A_name_that_does_not_resolve_ends_it_with_exit_code_2_and_one_line(string variable)
    {
        var line = await RefusalAsync((variable, "http://replay.invalid:0"));

        Assert.StartsWith($"{variable}: cannot listen on http://replay.invalid:0: the name 'replay.invalid'", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RAPID_LISTEN", "http://0.0.0.0:0")]
    [InlineData("RAPID_LISTEN", "http://[::]:0")]
    [InlineData("RAPID_LISTEN", "http://0:0")]
    [InlineData("RAPID_LISTEN", "http://127.0.0.1:0,http://0.0.0.0:0")]
    [InlineData("RAPID_METRICS_LISTEN", "http://0.0.0.0:0")]
    public async Task Without_a_token_other_machines_are_not_served(string variable, string value)
    {
        var line = await RefusalAsync((variable, value));

        Assert.StartsWith($"{variable}: ", line, StringComparison.Ordinal);
        Assert.Contains("no token is set; set RAPID_TOKEN", line, StringComparison.Ordinal);
        Assert.Contains("RAPID_INSECURE=true", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_says_that_it_is_meant_serves_other_machines_without_a_token_and_is_told_so()
    {
        var log = await LogOfAsync(("RAPID_LISTEN", "http://0.0.0.0:{0}"), ("RAPID_INSECURE", "true"));

        Assert.Contains("RAPID_INSECURE: whoever reaches http://0.0.0.0:", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_travels_unencrypted_is_warned_about()
    {
        using var folder = new TestFolder();
        var tls = new Certificates(folder);
        (string, string)[] identity = [("RAPID_TLS_CERTIFICATE", tls.Chain), ("RAPID_TLS_KEY", tls.Key), ("RAPID_TOKEN", "t")];

        var plain = await LogOfAsync(("RAPID_LISTEN", "http://0.0.0.0:{0}"), ("RAPID_TOKEN", "t"), ("RAPID_REPLAY", "http://replay:5101"));
        var local = await LogOfAsync(("RAPID_LISTEN", "http://LocalHost:{0}"), ("RAPID_TOKEN", "t"));
        var secure = await LogOfAsync(
            [("RAPID_LISTEN", "https://0.0.0.0:{0}"), ("RAPID_REPLAY", "https://replay:5101"), ("RAPID_TLS_CA", tls.Root), .. identity]);

        Assert.Contains("RAPID_LISTEN: the token travels to http://0.0.0.0:", plain, StringComparison.Ordinal);
        Assert.Contains("RAPID_REPLAY: the token travels to http://replay:5101 unencrypted", plain, StringComparison.Ordinal);
        Assert.DoesNotContain("unencrypted", local, StringComparison.Ordinal);
        Assert.DoesNotContain("unencrypted", secure, StringComparison.Ordinal);
    }

    private static async Task<string> RefusalAsync((string, string) variable)
    {
        using var folder = new TestFolder();
        await using var service = new ServiceProcess(folder.Path, ("RAPID_LISTEN", $"unix:{folder.At("s")}"), variable);

        var (exitCode, _, errors) = await service.EndAsync();

        Assert.Equal(2, exitCode);
        return Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>What a service says that answers on a free port in the place of {0}, until it is told to stop.</summary>
    private static async Task<string> LogOfAsync(params (string Name, string Value)[] variables)
    {
        using var folder = new TestFolder();
        var port = FreePorts.One();
        var socket = $"unix:{folder.At("s")}";
        var environment = variables
            .Select(variable => (variable.Name, variable.Value.Replace("{0}", $"{port}", StringComparison.Ordinal)))
            .Select(variable => variable.Name == "RAPID_LISTEN" ? (variable.Name, $"{variable.Item2},{socket}") : variable);
        await using var service = new ServiceProcess(folder.Path, [.. environment]);
        using var channel = await ServiceProcess.ConnectAsync(
            socket, variables.FirstOrDefault(variable => variable.Name == "RAPID_TOKEN").Value);
        await service.SignalAsync("TERM");
        var (exitCode, output, _) = await service.EndAsync();
        Assert.Equal(0, exitCode);
        return output;
    }
}
