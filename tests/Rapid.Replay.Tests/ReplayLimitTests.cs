using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Configuration;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Tests;

/// <summary>What is too much, malformed, gone, or remembered.</summary>
public class ReplayLimitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("1e5", 100_000)]
    [InlineData(" 108_000 ", 108_000)]
    [InlineData("4.0", 4)]
    [InlineData("4,0", null)]
    [InlineData("108,000", null)]
    [InlineData("0.5", null)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("1e19", null)]
    public void The_limit_of_memory_is_a_number_as_everywhere(string text, int? expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("RAPID_REPLAY_MEMORY", text)]).Build();
        if (expected is { } bytes)
        {
            Assert.Equal(bytes, MemoryBudget.Read(configuration).Limit);
            return;
        }

        var problem = Assert.Single(Assert.Throws<ConfigurationException>(() => MemoryBudget.Read(configuration)).Problems);
        Assert.StartsWith($"RAPID_REPLAY_MEMORY: '{text}' is not allowed", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_stays_within_its_limit_until_a_learner_acknowledges()
    {
        var size = Blocks.Make("p", 1).CalculateSize();
        await using var service = await ReplayProcess.StartAsync(environment: new() { ["RAPID_REPLAY_MEMORY"] = $"{size * 5 / 2}" });
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        using var append = service.Client.Append();
        Assert.Equal(0, (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1))).Code);
        Assert.Equal(0, (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 2))).Code);
        var refused = await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 3));
        Assert.Equal((int)StatusCode.ResourceExhausted, refused.Code);
        Assert.Contains("RAPID_REPLAY_MEMORY", refused.Message, StringComparison.Ordinal);

        using var sample = service.Client.Sample();
        await sample.RequestStream.WriteAsync(new SampleRequest { Table = "a/t", Credits = 1 });
        await ReplayServiceTests.NextAsync(sample);
        var taken = (await ReplayServiceTests.NextAsync(sample)).Item;
        Assert.Equal((int)StatusCode.ResourceExhausted, (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 3))).Code);
        await sample.RequestStream.WriteAsync(new SampleRequest { Acknowledged = { taken.Id } });
        await ReplayServiceTests.WaitUntilAsync(
            async () => Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).UnacknowledgedBlocks == 0);
        Assert.Equal(0, (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 3))).Code);
    }

    [Fact]
    public async Task Steps_times_environments_beyond_64_bits_are_refused()
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        using var append = service.Client.Append();
        var block = Blocks.Make("p", 1);
        (block.Steps, block.Environments) = (uint.MaxValue, uint.MaxValue);
        var reply = await ReplayServiceTests.AppendAsync(append, "a/t", block);
        Assert.Equal((int)StatusCode.InvalidArgument, reply.Code);
        var episode = Blocks.Make("p", 1);
        episode.Episodes.Add(new Episode { Step = episode.Steps });
        Assert.Equal((int)StatusCode.InvalidArgument, (await ReplayServiceTests.AppendAsync(append, "a/t", episode)).Code);
        Assert.Equal(2ul, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).RejectedBlocks);
    }

    [Fact]
    public async Task Malformed_and_oversized_messages_end_their_call_and_the_service_goes_on()
    {
        await using var service = await ReplayProcess.StartAsync(environment: new() { ["RAPID_MAX_MESSAGE"] = "65536" });
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t") });
        byte[] noMessage = [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1];
        Assert.Equal(StatusCode.InvalidArgument, await SendRawAsync(MethodType.DuplexStreaming, "Append", noMessage));
        Assert.Equal(StatusCode.InvalidArgument, await SendRawAsync(MethodType.Unary, "CreateTable", noMessage));
        Assert.Equal(StatusCode.InvalidArgument, await SendRawAsync(MethodType.ServerStreaming, "Export", noMessage));
        Assert.Equal(StatusCode.ResourceExhausted, await SendRawAsync(MethodType.DuplexStreaming, "Append", new byte[70_000]));
        using var append = service.Client.Append();
        Assert.Equal(0, (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1))).Code);

        async Task<StatusCode> SendRawAsync(MethodType type, string name, byte[] message)
        {
            var raw = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);
            var method = new Method<byte[], byte[]>(type, "rapid.v1.Replay", name, raw, raw);
            var invoker = service.Channel.CreateCallInvoker();
            var ended = await Assert.ThrowsAsync<RpcException>(() => (type switch
            {
                MethodType.Unary => (Task)invoker.AsyncUnaryCall(method, null, new CallOptions(), message).ResponseAsync,
                MethodType.ServerStreaming =>
                    invoker.AsyncServerStreamingCall(method, null, new CallOptions(), message).ResponseStream.MoveNext(default),
                _ => StreamAsync(invoker.AsyncDuplexStreamingCall(method, null, new CallOptions())),
            }).WaitAsync(Patience));
            return ended.StatusCode;

            async Task<bool> StreamAsync(AsyncDuplexStreamingCall<byte[], byte[]> call)
            {
                using (call)
                {
                    await call.RequestStream.WriteAsync(message);
                    return await call.ResponseStream.MoveNext(default);
                }
            }
        }
    }

    [Fact]
    public async Task A_write_that_outlives_its_call_is_a_duplicate_for_its_retry()
    {
        using var redis = new RedisServer();
        await using var service = await ReplayProcess.StartAsync(redis.Configuration);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        redis.Kill();
        using (var append = service.Client.Append())
        {
            await append.RequestStream.WriteAsync(new AppendRequest { Table = "a/t", Trajectory = Blocks.Make("p", 1) });
            await Task.Delay(300);
        }

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await HealthAsync(service));
        redis.Start();
        await ReplayServiceTests.WaitUntilAsync(
            async () => Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks == 1);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await HealthAsync(service));
        using (var append = service.Client.Append())
        {
            Assert.True((await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1))).Duplicate);
        }

        service.Kill();
        await service.LaunchAsync();
        Assert.Equal(1ul, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks);

        // The columns of the table's first block bind the next ones, also after a restart.
        using var later = service.Client.Append();
        Assert.Equal((int)StatusCode.InvalidArgument,
            (await ReplayServiceTests.AppendAsync(later, "a/t", Blocks.Make("p", 2, steps: 5))).Code);
        Assert.True((await service.Client.DropTableAsync(new DropTableRequest { Name = "a/t" })).Existed);
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        Assert.Equal(0ul, Assert.Single((await service.Client.StatsAsync(new StatsRequest())).Tables).Blocks);
        Assert.False((await ReplayServiceTests.AppendAsync(later, "a/t", Blocks.Make("p", 1, steps: 5))).Duplicate);
    }

    private static async Task<HealthCheckResponse.Types.ServingStatus> HealthAsync(ReplayProcess service) =>
        (await new Health.HealthClient(service.Channel).CheckAsync(new HealthCheckRequest())).Status;
}
