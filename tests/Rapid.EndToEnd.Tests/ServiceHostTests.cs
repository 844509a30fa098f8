using System.Net.Sockets;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.EndToEnd.Tests;

/// <summary>What all services get from the host that they share.</summary>
public sealed class ServiceHostTests : IDisposable
{
    private const string Token = "correct-horse";
    private const long MostGrowth = 10 << 20;

    // Not TestFolder: the path of a socket must be short.
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("replay", "rapid.v1.Replay/CreateTable")]
    [InlineData("learner", "rapid.v1.Experiments/Submit")]
    [InlineData("evaluator", "rapid.v1.EvaluationFrames/Watch")]
    [InlineData("actor", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo")]
    public async Task A_service_spends_no_memory_on_callers_without_the_token(string name, string method)
    {
        await using var service = await StartAsync(name, Variables("RAPID_TOKEN", Token));
        using var client = new BareClient(Socket, method);
        Assert.Equal("16", (await client.CallAsync("wrong", GzipBomb.Message(1 << 20))).Status);
        var before = service.ResidentBytes;

        var bomb = GzipBomb.Message(256 << 20);
        for (var call = 0; call < 4; call++)
        {
            Assert.Equal("16", (await client.CallAsync("wrong", bomb)).Status);
        }

        using var endless = new EndlessBody();
        Assert.Equal("16", (await client.CallAsync("wrong", endless)).Status);
        await endless.Ended;

        Assert.InRange(service.ResidentBytes - before, long.MinValue, MostGrowth);
        Assert.Equal("16", (await client.CallAsync("wrong", bomb)).Status);
        Assert.False(service.HasExited, service.Output);
    }

    [Fact]
    public async Task Prometheus_finds_the_tables_of_a_replay_service()
    {
        var metrics = Path.Combine(_folder.FullName, "metrics");
        await using var service = await StartAsync("replay", Variables("RAPID_METRICS_LISTEN", $"unix:{metrics}"));
        using var channel = Channels.Open(ServiceAddress.Unix(Socket), new ServiceOptions { Listen = [] });
        await new Replay.ReplayClient(channel).CreateTableAsync(Queue(StoreKind.Memory));
        using var prometheus = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(metrics), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });

        var scrape = await prometheus.GetStringAsync("http://localhost/metrics");

        Assert.Matches(@"(?m)^rapid_replay_blocks\{.*table=""t"".*\} 0", scrape);
        Assert.Matches(@"(?m)^http_server_request_duration_seconds_count\{.*CreateTable.*\} 1", scrape);
        Assert.Contains("dotnet_process_memory_working_set_bytes", scrape, StringComparison.Ordinal);
        Assert.Contains("process_cpu_time_seconds_total", scrape, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_of_redis_are_traced_as_the_calls_are_that_give_them()
    {
        await using var collector = await Collector.StartAsync();
        await using var redis = RapidProcess.StartProgram("redis-server", _folder.FullName, ["--port", "0", "--unixsocket", "r", "--save", ""]);
        var variables = Variables("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address.ToString());
        variables["RAPID_REDIS"] = $"!{Path.Combine(_folder.FullName, "r")}";
        variables["OTEL_BSP_SCHEDULE_DELAY"] = "100";
        await using var service = await StartAsync("replay", variables);
        using var channel = Channels.Open(ServiceAddress.Unix(Socket), new ServiceOptions { Listen = [] });
        await new Replay.ReplayClient(channel).CreateTableAsync(Queue(StoreKind.Redis));

        string Traces() => collector.BodyOf("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
        await Eventually.TrueAsync(() => Traces().Contains("StackExchangeRedis", StringComparison.Ordinal), () => service.Output);
        await Eventually.TrueAsync(() => Traces().Contains("rapid.v1.Replay/CreateTable", StringComparison.Ordinal), () => service.Output);
    }

    [Fact]
    public async Task What_only_the_learner_can_find_wrong_with_a_spec_is_printed_field_by_field()
    {
        var data = Path.Combine(_folder.FullName, "data");
        await using var service = await StartAsync("learner", []);
        var spec = Path.Combine(_folder.FullName, "spec.yaml");
        await File.WriteAllTextAsync(
            spec,
            $$"""
            environment: { name: Pendulum-v1 }
            algorithm: { name: sac }
            offline: true
            replay: { data: {{data}} }
            """);

        await using var submit = RapidProcess.Start(
            _folder.FullName, ["submit", spec], new Dictionary<string, string> { ["RAPID_LEARNER"] = $"unix:{Socket}" });

        Assert.Equal(2, await submit.WaitAsync());
        Assert.Contains("\nreplay.data: ", submit.Output, StringComparison.Ordinal);
        Assert.Contains(data, submit.Output, StringComparison.Ordinal);
    }

    private string Socket => Path.Combine(_folder.FullName, "s");

    private static Dictionary<string, string> Variables(string name, string value) => new() { [name] = value };

    private static CreateTableRequest Queue(StoreKind store) =>
        new() { Definition = new TableDefinition { Name = "t", Kind = TableKind.Queue, Store = store, CapacitySteps = 10 } };

    /// <summary>Starts a service and waits until it answers.</summary>
    private async Task<RapidProcess> StartAsync(string name, Dictionary<string, string> variables)
    {
        variables["RAPID_LISTEN"] = $"unix:{Socket}";
        var service = RapidProcess.Start(_folder.FullName, [name], variables);
        try
        {
            await Eventually.TrueAsync(() => service.Output.Contains("listening on", StringComparison.Ordinal), () => service.Output);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }
}
