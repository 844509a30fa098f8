using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>
/// A write that was repeated, because nobody answered, does nothing when it reaches Redis after its repetition and all that came of that.
/// </summary>
public class LateWriteTests
{
    [Fact]
    public async Task A_late_append_brings_back_no_block_that_was_used()
    {
        using var redis = new RedisServer();
        using var connections = new LateConnections(redis.Port);
        await using var service = await ReplayProcess.StartAsync(connections.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        connections.Hold("redis.pcall('HSET', KEYS[2]");
        await AppendAsync(service);
        using (var call = service.Client.Sample())
        {
            await call.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Credits = 1 });
            await call.ResponseStream.MoveNext(CancellationToken.None);
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            await call.RequestStream.WriteAsync(new SampleRequest { Acknowledged = { call.ResponseStream.Current.Item.Id } });
            await call.RequestStream.CompleteAsync();
            Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None));
        }

        await connections.ReleaseAsync();

        Assert.Equal(0ul, await BlocksAfterRestartAsync(service));
    }

    [Fact]
    public async Task A_late_creation_empties_no_table()
    {
        using var redis = new RedisServer();
        using var connections = new LateConnections(redis.Port);
        await using var service = await ReplayProcess.StartAsync(connections.Configuration);
        connections.Hold("'definition', ARGV[2], 'incarnation', ARGV[3], 'epoch', ARGV[4], 'layout', ARGV[5])\nreturn 1");
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        await AppendAsync(service);
        await connections.ReleaseAsync();

        Assert.Equal(1ul, await BlocksAfterRestartAsync(service));
    }

    [Fact]
    public async Task A_late_removal_of_a_table_spoils_no_later_one_of_its_name()
    {
        using var redis = new RedisServer();
        using var connections = new LateConnections(redis.Port);
        await using var service = await ReplayProcess.StartAsync(connections.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        connections.Hold("redis.call('UNLINK', unpack(KEYS))\nreturn 1");
        await service.Client.DropTableAsync(new DropTableRequest { Name = "a/t" });
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        await AppendAsync(service);
        await connections.ReleaseAsync();

        Assert.Equal(1ul, await BlocksAfterRestartAsync(service));
    }

    private static async Task AppendAsync(ReplayProcess service)
    {
        using var append = service.Client.Append();
        Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1))).Message);
    }

    private static async Task<ulong> BlocksAfterRestartAsync(ReplayProcess service)
    {
        service.Kill();
        await service.LaunchAsync();
        return Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks;
    }
}
