using Rapid.Protocol.V1;
using Rapid.Replay.Stores;

namespace Rapid.Replay.Tests;

/// <summary>Tables in a Redis that is set up as in production: with a password, limited rights, or TLS.</summary>
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
    public async Task A_table_survives_a_kill_when_its_user_has_the_least_rights_alone()
    {
        using var redis = new RedisServer(more: ["--user", .. $"rapid on >a-secret {RedisRights.Least}".Split(' ')]);
        await SurviveAsync(redis, "user=rapid,password=a-secret");
    }

    [Fact]
    public async Task A_table_survives_a_kill_over_TLS_with_a_private_authority_and_a_client_certificate()
    {
        using var authority = new RedisAuthority(_folder.FullName);
        var (certificate, key) = authority.Issue("redis.test");
        var (own, ownKey) = authority.Issue("replay.test");
        using var redis = new RedisServer(
            isSecure: true,
            more:
            ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", authority.File, "--tls-auth-clients", "yes"]);
        await SurviveAsync(redis, "ssl=true,sslHost=redis.test", new Dictionary<string, string>
        {
            ["RAPID_TLS_CA"] = authority.File,
            ["RAPID_TLS_CERTIFICATE"] = own,
            ["RAPID_TLS_KEY"] = ownKey,
        });
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
