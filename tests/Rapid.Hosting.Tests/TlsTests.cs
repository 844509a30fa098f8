using Grpc.Core;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>Certificates that change, expire, are asked for, or are not to be trusted.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_certificate_is_read_again_when_both_of_its_files_are_new_and_open_connections_stay()
    {
        var (first, second) = (new Certificates(_folder, "first"), new Certificates(_folder, "second"));
        var (certificate, key) = (_folder.At("certificate.pem"), _folder.At("key.pem"));
        File.Copy(first.Chain, certificate);
        File.Copy(first.Key, key);
        var server = RunningService.Options("https://127.0.0.1:0") with { TlsCertificate = certificate, TlsKey = key };
        await using var service = await RunningService.StartAsync(server, Client(first.Root));
        using var chat = service.Client.Chat();
        await AssertAnswersAsync(service, Client(first.Root));

        File.Copy(second.Chain, certificate, overwrite: true);
        await AssertAnswersAsync(service, Client(first.Root));
        File.Copy(second.Key, key, overwrite: true);

        await AssertAnswersAsync(service, Client(second.Root));
        Assert.Contains("RAPID_TLS_CA", await ProblemAsync(service.Address, Client(first.Root)), StringComparison.Ordinal);
        await chat.RequestStream.WriteAsync(new Message { Text = "still here" });
        Assert.True(await chat.ResponseStream.MoveNext(CancellationToken.None));
    }

    [Fact]
    public async Task Authorities_that_a_client_trusts_are_read_again_too()
    {
        var (known, other) = (new Certificates(_folder, "known"), new Certificates(_folder, "other"));
        await using var service = await RunningService.StartAsync(Server(known), Client(known.Root));
        var trusted = _folder.At("trusted.pem");
        File.Copy(other.Root, trusted);
        using var channel = Channels.Open(service.Address, Client(trusted));
        var client = new Echo.EchoClient(channel);
        await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(new Message()));

        File.Copy(known.Root, trusted, overwrite: true);

        Assert.Equal("a", (await client.UnaryAsync(new Message { Text = "a" })).Text);
    }

    [Theory]
    [InlineData(100, null)]
    [InlineData(13, "warn: Rapid.Hosting.TlsIdentity")]
    [InlineData(-1, "fail: Rapid.Hosting.TlsIdentity")]
    public async Task A_certificate_that_expires_is_announced(int days, string? level)
    {
        var tls = new Certificates(_folder, days: days);
        var address = $"unix:{_folder.At("s")}";
        await using var service = new ServiceProcess(
            _folder.Path, ("RAPID_LISTEN", address), ("RAPID_TLS_CERTIFICATE", tls.Chain), ("RAPID_TLS_KEY", tls.Key));
        using var channel = await ServiceProcess.ConnectAsync(address);
        await service.SignalAsync("TERM");
        var (exitCode, output, _) = await service.EndAsync();

        Assert.Equal(0, exitCode);
        if (level is null)
        {
            Assert.DoesNotContain("RAPID_TLS_CERTIFICATE", output, StringComparison.Ordinal);
            return;
        }

        var line = Assert.Single(output.Split('\n'), line => line.Contains("RAPID_TLS_CERTIFICATE", StringComparison.Ordinal));
        Assert.Contains(level, line, StringComparison.Ordinal);
        Assert.Contains($"put a new one into '{tls.Chain}'", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_a_service_is_not_trusted_is_said()
    {
        var (known, stranger) = (new Certificates(_folder, "known"), new Certificates(_folder, "stranger"));
        var expired = new Certificates(_folder, "expired", days: -1);
        await using var service = await RunningService.StartAsync(Server(known));
        await using var late = await RunningService.StartAsync(Server(expired));
        await using var plain = await RunningService.StartAsync(RunningService.Options());

        foreach (var authorities in (string?[])[stranger.Root, null])
        {
            var untrusted = await ProblemAsync(service.Address, Client(authorities));
            Assert.StartsWith(
                "its certificate 'CN=server known' is signed by an authority that is not trusted", untrusted, StringComparison.Ordinal);
            Assert.EndsWith("set RAPID_TLS_CA to the authority's PEM file", untrusted, StringComparison.Ordinal);
        }

        var named = await ProblemAsync(ServiceAddress.Parse($"https://localhost:{service.Address.Port}"), Client(known.Root));
        Assert.Contains("is not one of 'localhost'", named, StringComparison.Ordinal);
        Assert.Contains("is valid from", await ProblemAsync(late.Address, Client(expired.Root)), StringComparison.Ordinal);
        var http = ServiceAddress.Parse($"https://127.0.0.1:{plain.Address.Port}");
        Assert.Contains("is it an http:// address", await ProblemAsync(http, Client(known.Root)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_show_certificates_where_they_are_asked_for()
    {
        var (server, clients, strangers) = (
            new Certificates(_folder, "server"), new Certificates(_folder, "clients"), new Certificates(_folder, "strangers"));
        var trusted = Client(server.Root) with { TlsCertificate = clients.Chain, TlsKey = clients.Key };
        await using var service = await RunningService.StartAsync(Server(server) with { TlsClientCa = clients.Root }, trusted);

        await AssertAnswersAsync(service, trusted);
        await AssertRefusedAsync(Client(server.Root));
        await AssertRefusedAsync(Client(server.Root) with { TlsCertificate = strangers.Chain, TlsKey = strangers.Key });
        await AssertAnswersAsync(service, trusted);

        async Task AssertRefusedAsync(ServiceOptions client)
        {
            using var channel = Channels.Open(service.Address, client);
            var refused = await Assert.ThrowsAsync<RpcException>(async () =>
                await new Echo.EchoClient(channel).UnaryAsync(new Message(), deadline: DateTime.UtcNow.AddSeconds(20)));
            Assert.True(refused.StatusCode is StatusCode.Unavailable or StatusCode.Internal, refused.ToString());
        }
    }

    private static ServiceOptions Server(Certificates tls) =>
        RunningService.Options("https://127.0.0.1:0") with { TlsCertificate = tls.Chain, TlsKey = tls.Key };

    private static ServiceOptions Client(string? authorities) => new() { Listen = [], TlsCa = authorities };

    private static async Task AssertAnswersAsync(RunningService service, ServiceOptions client)
    {
        using var channel = Channels.Open(service.Address, client);
        Assert.Equal("a", (await new Echo.EchoClient(channel).UnaryAsync(new Message { Text = "a" })).Text);
    }

    private static async Task<string> ProblemAsync(ServiceAddress address, ServiceOptions client)
    {
        using var channel = Channels.Open(address, client);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Echo.EchoClient(channel).UnaryAsync(new Message(), deadline: DateTime.UtcNow.AddSeconds(20)));
        var problem = Channels.TlsProblemOf(error);
        Assert.NotNull(problem);
        Assert.Contains(problem, error.Status.Detail, StringComparison.Ordinal);
        return problem;
    }
}
