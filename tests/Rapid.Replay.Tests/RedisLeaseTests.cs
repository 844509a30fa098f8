using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Redis;
using Rapid.Replay.Stores;

namespace Rapid.Replay.Tests;

/// <summary>What is acknowledged is kept: by one service a database, also when Redis forgets or comes back empty.</summary>
public class RedisLeaseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_second_service_on_a_database_waits_until_the_first_has_ended_and_finds_every_block()
    {
        using var redis = new RedisServer();
        await using var first = await ReplayProcess.StartAsync(redis.Configuration);
        await first.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        var starting = ReplayProcess.StartAsync(redis.Configuration);
        using (var append = first.Client.Append())
        {
            for (ulong i = 1; i <= 13; i++)
            {
                Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", i))).Message);
                await Task.Delay(100);
            }
        }

        Assert.False(starting.IsCompleted);
        first.Kill();
        await using var second = await starting.WaitAsync(Patience);
        Assert.Equal(13ul, Assert.Single((await second.Client.StatsAsync(new StatsRequest())).Tables).Blocks);
    }

    [Fact]
    public async Task A_service_that_another_has_taken_over_from_is_fenced_off_and_says_so()
    {
        using var redis = new RedisServer();
        await using var first = await ReplayProcess.StartAsync(redis.Configuration);
        await first.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        using var append = first.Client.Append();
        await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1));

        // As after a pause of the process that was longer than the lease: its time is over, and it does not know.
        await redis.CommandAsync("HSET", "rapid:lease", "owner", "elsewhere|ns|1|x", "until", "0");
        await using var second = await ReplayProcess.StartAsync(redis.Configuration);
        var error = await Assert.ThrowsAsync<RpcException>(() => ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 2)));
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains("another replay service has taken over", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(
            HealthCheckResponse.Types.ServingStatus.NotServing,
            (await new Health.HealthClient(first.Channel).CheckAsync(new HealthCheckRequest())).Status);
        using var other = second.Client.Append();
        Assert.False((await ReplayServiceTests.AppendAsync(other, "a/t", Blocks.Make("p", 2))).Duplicate);
        Assert.Equal(2ul, Assert.Single((await second.Client.StatsAsync(new StatsRequest())).Tables).Blocks);
        await Assert.ThrowsAsync<RpcException>(async () => await first.Client.DropTableAsync(new DropTableRequest { Name = "a/t" }));
        Assert.Equal("2", (await redis.CommandAsync("HLEN", "rapid:{a/t}:blocks")).Trim());
    }

    [Fact]
    public async Task A_table_that_Redis_lost_is_made_again_with_the_next_block_and_both_outlive_the_service()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        var made = await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        await service.Client.CreateTableAsync(
            new CreateTableRequest { Definition = Blocks.Ring("a/r", store: StoreKind.Redis, capacity: 160) });
        using (var append = service.Client.Append())
        {
            await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1));
            await redis.CommandAsync("FLUSHALL");
            Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 2))).Message);
            Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, "a/r", Blocks.Experience(1))).Message);
        }

        service.Kill();
        await service.LaunchAsync();
        var tables = (await service.Client.StatsAsync(new StatsRequest())).Tables;
        Assert.Equal(["a/r", "a/t"], tables.Select(table => table.Definition.Name));
        Assert.Equal([1ul, 1ul], tables.Select(table => table.Blocks));
        Assert.NotEqual(made.Incarnation, tables[1].Incarnation);
        Assert.Contains("lost table a/t", service.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lease_that_somebody_deleted_is_taken_again_above_the_tokens_of_the_tables()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        await redis.CommandAsync("HSET", "rapid:{a/t}:about", "fence", "77");
        service.Kill();
        await redis.CommandAsync("DEL", "rapid:lease");
        await service.LaunchAsync();
        using var append = service.Client.Append();
        Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1))).Message);
        Assert.Equal("78", (await redis.CommandAsync("HGET", "rapid:{a/t}:about", "fence")).Trim());
        await redis.CommandAsync("DEL", "rapid:lease");
        await redis.WaitForAsync("79", "HGET", "rapid:lease", "token");
        Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 2))).Message);
        Assert.Equal("79", (await redis.CommandAsync("HGET", "rapid:{a/t}:about", "fence")).Trim());
    }

    /// <summary>As when a health check is made while a service waits for the lease of one that was killed.</summary>
    [Fact]
    public async Task A_lease_that_was_asked_for_before_it_was_taken_is_not_lost()
    {
        using var redis = new RedisServer();
        await redis.WaitForAsync("PONG", "PING");
        await redis.CommandAsync("HSET", "rapid:lease", "owner", "elsewhere|ns|1|x", "token", "5", "until", "0");
        await using var connection = Connect(redis);
        var lease = new DatabaseLease(connection, NullLogger<DatabaseLease>.Instance);

        var early = await Assert.ThrowsAsync<RpcException>(() => lease.RenewAsync(CancellationToken.None));
        await lease.AcquireAsync(CancellationToken.None);
        await lease.RenewAsync(CancellationToken.None);

        Assert.Equal(StatusCode.Unavailable, early.StatusCode);
        Assert.Equal(6, lease.Token);
    }

    [Fact]
    public async Task A_service_that_ends_while_Redis_is_away_ends_well()
    {
        var said = new Saying();
        using var redis = new RedisServer();
        await using var connection = Connect(redis);
        var lease = new DatabaseLease(connection, said);
        await lease.AcquireAsync(CancellationToken.None);
        redis.Kill();

        await lease.ReleaseAsync(CancellationToken.None);

        Assert.Contains("the lease on Redis could not be given back", Assert.Single(said.Lines), StringComparison.Ordinal);
    }

    private static RedisConnection Connect(RedisServer redis) => new(
        new ServiceOptions { Listen = [], Redis = redis.Configuration }, RedisRights.Use, NullLogger<RedisConnection>.Instance);

    private sealed class Saying : ILogger<DatabaseLease>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
