using Grpc.Core;
using Grpc.Health.V1;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>What is wrong with Redis, or with one table in it, is said and keeps nothing else from going on.</summary>
public class RedisTroubleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("its definition cannot be parsed", "cannot be read", "HSET", "rapid:{a/bad}:about", "definition", "\u0001garbage")]
    [InlineData("its definition is another's", "that of", "HSET", "rapid:{a/bad}:about", "definition",
        "\n\u0003a/u\u0010\u0001\u0018\u0002 \u0001")]
    [InlineData("its definition is gone", "definition is missing", "DEL", "rapid:{a/bad}:about")]
    [InlineData("a key is of another type", "another type", "SET", "rapid:{a/bad}:sizes", "text")]
    [InlineData("a size is no number", "cannot be read", "HSET", "rapid:{a/bad}:sizes", "1", "many")]
    public async Task A_table_that_cannot_be_read_is_set_aside_until_it_is_dropped_and_the_others_are_served(
        string what, string reason, params string[] damage)
    {
        Assert.NotEmpty(what);
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        foreach (var name in new[] { "a/bad", "a/good" })
        {
            await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table(name, StoreKind.Redis) });
            using var append = service.Client.Append();
            await ReplayServiceTests.AppendAsync(append, name, Blocks.Make("p", 1));
        }

        service.Kill();
        await redis.CommandAsync(damage);
        await service.LaunchAsync();
        Assert.Equal("a/good", Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Definition.Name);
        Assert.Contains("table 'a/bad' in Redis is set aside", service.Said, StringComparison.Ordinal);
        await CheckSetAsideAsync(service, reason);
    }

    [Fact]
    public async Task A_table_that_does_not_fit_is_set_aside_and_is_back_when_it_fits()
    {
        using var redis = new RedisServer();
        var environment = new Dictionary<string, string>();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration, environment);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Ring("a/bad", store: StoreKind.Redis) });
        using (var append = service.Client.Append())
        {
            Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, "a/bad", Blocks.Experience(1))).Message);
        }

        service.Kill();
        environment["RAPID_REPLAY_MEMORY"] = "1000";
        await service.LaunchAsync();
        Assert.Empty((await service.Client.StatsAsync(new StatsRequest())).Tables);
        Assert.Contains("RAPID_REPLAY_MEMORY", service.Said, StringComparison.Ordinal);
        service.Kill();
        environment.Clear();
        await service.LaunchAsync();
        Assert.Equal(1ul, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks);
    }

    [Fact]
    public async Task A_table_that_waits_for_Redis_keeps_no_other_from_being_made()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        redis.Kill();
        var waiting = service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/r", StoreKind.Redis) });
        await service.Client.CreateTableAsync(
            new CreateTableRequest { Definition = Blocks.Table("a/m") }, deadline: DateTime.UtcNow + Patience);
        Assert.True((await service.Client.DropTableAsync(
            new DropTableRequest { Name = "a/m" }, deadline: DateTime.UtcNow + Patience)).Existed);
        Assert.False(waiting.ResponseAsync.IsCompleted);
        redis.Start();
        Assert.Equal("a/r", (await waiting.ResponseAsync.WaitAsync(Patience)).Definition.Name);
    }

    [Theory]
    [InlineData("OOM", "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0")]
    [InlineData("NOREPLICAS", "CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0")]
    [InlineData("READONLY", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")]
    public async Task A_Redis_that_takes_no_writes_is_told_with_its_own_words_and_the_service_is_not_serving(
        string reason, string trouble, string cure)
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        var health = new Health.HealthClient(service.Channel);
        Assert.Equal(
            HealthCheckResponse.Types.ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest())).Status);
        await redis.CommandAsync(trouble.Split(' '));
        using var append = service.Client.Append();
        var waiting = ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1));
        await ReplayServiceTests.WaitUntilAsync(() => Task.FromResult(service.Said.Contains(reason, StringComparison.Ordinal)));
        Assert.DoesNotContain("EXECABORT", service.Said, StringComparison.Ordinal);
        Assert.Equal(
            HealthCheckResponse.Types.ServingStatus.NotServing, (await health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.False(waiting.IsCompleted);
        await redis.CommandAsync(cure.Split(' '));
        Assert.Equal("", (await waiting.WaitAsync(Patience)).Message);
        await ReplayServiceTests.WaitUntilAsync(async () =>
            (await health.CheckAsync(new HealthCheckRequest())).Status == HealthCheckResponse.Types.ServingStatus.Serving);
    }

    private static async Task CheckSetAsideAsync(ReplayProcess service, string reason)
    {
        var create = new CreateTableRequest { Definition = Blocks.Table("a/bad", StoreKind.Redis) };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.CreateTableAsync(create));
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains(reason, refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("Replay.DropTable", refused.Status.Detail, StringComparison.Ordinal);
        Assert.True((await service.Client.DropTableAsync(new DropTableRequest { Name = "a/bad" })).Existed);
        Assert.Equal(0ul, (await service.Client.CreateTableAsync(create)).Blocks);
        using var append = service.Client.Append();
        Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, "a/bad", Blocks.Make("p", 1))).Message);
    }
}
