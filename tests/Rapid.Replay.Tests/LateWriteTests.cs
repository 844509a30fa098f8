using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>
/// A write that was repeated, because nobody answered, does nothing when it reaches Redis after its repetition and all that came of that.
/// </summary>
public sealed class LateWriteTests : IAsyncLifetime
{
    private const string Name = "a/t";

    private readonly RedisServer _redis = new();
    private LateConnections _connections = null!;
    private ReplayProcess _service = null!;

    public async ValueTask InitializeAsync()
    {
        _connections = new LateConnections(_redis.Port);
        _service = await ReplayProcess.StartAsync(_connections.Configuration);
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _connections.Dispose();
        _redis.Dispose();
    }

    [Fact]
    public async Task A_late_append_brings_back_no_block_that_was_used()
    {
        await CreateAsync();
        _connections.Hold("redis.pcall('HSET', KEYS[2]");
        await AppendAsync();
        using (var call = _service.Client.Sample())
        {
            await call.RequestStream.WriteAsync(new SampleRequest { Table = Name, Credits = 1 });
            await call.ResponseStream.MoveNext(CancellationToken.None);
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            await call.RequestStream.WriteAsync(new SampleRequest { Acknowledged = { call.ResponseStream.Current.Item.Id } });
            await call.RequestStream.CompleteAsync();
            Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None));
        }

        await AssertBlocksAsync(0);
    }

    [Fact]
    public async Task A_late_creation_empties_no_table()
    {
        _connections.Hold("'definition', ARGV[2], 'incarnation', ARGV[3], 'epoch', ARGV[4], 'layout', ARGV[5])\nreturn 1");
        await CreateAsync();
        await AppendAsync();

        await AssertBlocksAsync(1);
    }

    [Fact]
    public async Task A_late_removal_of_a_table_spoils_no_later_one_of_its_name()
    {
        await CreateAsync();
        _connections.Hold("redis.call('UNLINK', unpack(KEYS))\nreturn 1");
        await _service.Client.DropTableAsync(new DropTableRequest { Name = Name });
        await CreateAsync();
        await AppendAsync();

        await AssertBlocksAsync(1);
    }

    private async Task CreateAsync() => await _service.Client.CreateTableAsync(
        new CreateTableRequest { Definition = Blocks.Table(Name, StoreKind.Redis) });

    private async Task AppendAsync()
    {
        using var append = _service.Client.Append();
        Assert.Equal("", (await ReplayServiceTests.AppendAsync(append, Name, Blocks.Make("p", 1))).Message);
    }

    /// <summary>What was held arrives, and the service starts again: then it holds so many blocks.</summary>
    private async Task AssertBlocksAsync(ulong expected)
    {
        await _connections.ReleaseAsync();
        _service.Kill();
        await _service.LaunchAsync();
        Assert.Equal(expected, Assert.Single((await _service.Client.StatsAsync(new StatsRequest())).Tables).Blocks);
    }
}
