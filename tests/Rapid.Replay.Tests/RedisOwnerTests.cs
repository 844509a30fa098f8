using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>Who took a table over last is its owner for every life of the service.</summary>
public sealed class RedisOwnerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_earlier_owner_is_not_let_in_again_by_a_service_that_was_started_again(bool samples)
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await CreateAsync(service, epoch: 9);
        if (samples)
        {
            await SampleAsync(service, epoch: 10);
        }
        else
        {
            await CreateAsync(service, epoch: 10);
        }

        service.Kill();
        await service.LaunchAsync();

        await AssertIsOwnerAsync(service, owner: 10, earlier: 9);
    }

    [Theory]
    [InlineData(9ul, 10ul)]
    [InlineData(1_700_000_000_000ul, 1_700_000_000_001ul)]
    [InlineData(ulong.MaxValue - 1, ulong.MaxValue)]
    public async Task Epochs_of_any_size_only_grow(ulong first, ulong second)
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await CreateAsync(service, epoch: 1);
        await CreateAsync(service, first);
        await CreateAsync(service, second);
        service.Kill();
        await service.LaunchAsync();
        await AssertIsOwnerAsync(service, second, first);
    }

    [Fact]
    public async Task A_new_owner_is_answered_when_Redis_knows_of_it_and_not_before()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await CreateAsync(service, epoch: 5);
        redis.Kill();

        foreach (var take in (Func<Task>[])[
            () => CreateAsync(service, epoch: 6, DateTime.UtcNow.AddSeconds(2)),
            () => SampleAsync(service, epoch: 6, DateTime.UtcNow.AddSeconds(2))])
        {
            var error = await Assert.ThrowsAsync<RpcException>(take);
            Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        }

        // Out already: whoever comes later will have the table.
        await AssertOutOfRangeAsync(() => SampleAsync(service, epoch: 5));
        redis.Start();
        await CreateAsync(service, epoch: 6);
        service.Kill();
        await service.LaunchAsync();
        await AssertIsOwnerAsync(service, owner: 6, earlier: 5);
    }

    private static async Task CreateAsync(ReplayProcess service, ulong epoch, DateTime? deadline = null) =>
        await service.Client.CreateTableAsync(
            new CreateTableRequest { Definition = new(Blocks.Table("a/t", StoreKind.Redis)) { Epoch = epoch } }, deadline: deadline);

    /// <summary>Returns when the table is open.</summary>
    private static async Task SampleAsync(ReplayProcess service, ulong epoch, DateTime? deadline = null)
    {
        using var sample = service.Client.Sample(deadline: deadline);
        await sample.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Epoch = epoch });
        Assert.True(await sample.ResponseStream.MoveNext(CancellationToken.None));
        Assert.NotEmpty(sample.ResponseStream.Current.Opened.Incarnation);
    }

    private static async Task AssertIsOwnerAsync(ReplayProcess service, ulong owner, ulong earlier)
    {
        await AssertOutOfRangeAsync(() => SampleAsync(service, earlier));
        await AssertOutOfRangeAsync(() => CreateAsync(service, earlier));
        await AssertOutOfRangeAsync(async () =>
            await service.Client.DropTableAsync(new DropTableRequest { Name = "a/t", Epoch = earlier }));
        using var append = service.Client.Append();
        await append.RequestStream.WriteAsync(
            new AppendRequest { Table = "a/t", Epoch = earlier, Trajectory = Blocks.Make("p", 1) });
        Assert.True(await append.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.OutOfRange, (StatusCode)append.ResponseStream.Current.Code);
        await SampleAsync(service, owner);
        Assert.Equal(owner, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Definition.Epoch);
    }

    private static async Task AssertOutOfRangeAsync(Func<Task> call) =>
        Assert.Equal(StatusCode.OutOfRange, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
}
