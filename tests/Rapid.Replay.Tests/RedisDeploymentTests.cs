using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>Tables in a Redis that is set up as in production: with a password, limited rights, TLS, or as a cluster.</summary>
public sealed class RedisDeploymentTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-redis-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_table_survives_a_kill_behind_a_password()
    {
        using var redis = new RedisServer(more: ["--requirepass", "a secret"]);
        await SurviveAsync(redis, "password=a secret");
        Assert.Contains("NOAUTH", await redis.CommandAsync("PING"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_survives_a_kill_when_its_user_may_touch_nothing_but_its_keys()
    {
        var user = "default on >a-secret resetkeys ~rapid:* +@all -@admin -@dangerous";
        using var redis = new RedisServer(more: ["--user", .. user.Split(' ')]);
        await SurviveAsync(redis, "password=a-secret");
    }

    [Fact]
    public async Task A_table_survives_a_kill_over_TLS()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=redis", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("redis.test");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var (certificateFile, keyFile) = (Path.Combine(_folder.FullName, "redis.pem"), Path.Combine(_folder.FullName, "key.pem"));
        await File.WriteAllTextAsync(certificateFile, certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem());
        using var redis = new RedisServer(
            isSecure: true, more: ["--tls-cert-file", certificateFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", certificateFile]);
        await SurviveAsync(redis, "ssl=true,sslHost=redis.test", new Dictionary<string, string> { ["RAPID_TLS_CA"] = certificateFile });
    }

    [Fact]
    public async Task A_table_survives_a_kill_in_a_cluster_and_keeps_to_one_slot()
    {
        using var redis = new RedisServer(more: ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"]);
        while (!(await redis.CommandAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383")).StartsWith("OK", StringComparison.Ordinal))
        {
            await Task.Delay(50);
        }

        while (!(await redis.CommandAsync("CLUSTER", "INFO")).Contains("cluster_state:ok", StringComparison.Ordinal))
        {
            await Task.Delay(50);
        }

        await SurviveAsync(redis, "");
        var slots = new HashSet<string>();
        foreach (var part in (string[])["blocks", "sizes", "producers", "about"])
        {
            slots.Add(await redis.CommandAsync("CLUSTER", "KEYSLOT", $"rapid:{{a/t}}:{part}"));
        }

        Assert.Single(slots);
    }

    private static async Task SurviveAsync(RedisServer redis, string configuration, Dictionary<string, string>? environment = null)
    {
        await using var service = await ReplayProcess.StartAsync($"{redis.Configuration},{configuration}".TrimEnd(','), environment);
        var definition = Blocks.Ring("a/t", store: StoreKind.Redis, capacity: 160);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = definition });
        await RingServiceTests.AppendAsync(service, "a/t", 1, 12);
        service.Kill();
        redis.Kill();
        redis.Start();
        await service.LaunchAsync();
        await RingServiceTests.AppendAsync(service, "a/t", 13, 14);
        var held = await RingServiceTests.ExportAsync(service, "a/t");
        Assert.Equal(Enumerable.Range(5, 10).Select(sequence => (ulong)sequence), held.Select(item => item.Trajectory.Sequence));
        Assert.All(held, item => Assert.Equal(Blocks.Experience(item.Trajectory.Sequence), item.Trajectory));
        await service.Client.DropTableAsync(new DropTableRequest { Name = "a/t" });
        Assert.Empty((await service.Client.StatsAsync(new StatsRequest())).Tables);
    }
}
