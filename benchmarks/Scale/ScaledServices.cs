using Grpc.Core;
using Rapid.Hosting;
using Rapid.Processes;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>A learner and some replay services as processes of their own that listen on TCP.</summary>
internal sealed class ScaledServices : IAsyncDisposable
{
    /// <summary>The table that each replay service has.</summary>
    public const string Table = "scale/blocks";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-bench-");
    private readonly RapidProcess _learner;
    private readonly RapidProcess[] _replays;

    private ScaledServices(int shards, IReadOnlyDictionary<string, string> variables)
    {
        Replays = [.. Enumerable.Range(0, shards).Select(_ => FreeAddress())];
        Learner = FreeAddress();
        _learner = Start("learner", Learner, variables);
        _replays = [.. Replays.Select(address => Start("replay", address, variables))];
    }

    /// <summary>Where the learner answers.</summary>
    public ServiceAddress Learner { get; }

    /// <summary>Where the replay services answer.</summary>
    public IReadOnlyList<ServiceAddress> Replays { get; }

    /// <summary>The learner's run.</summary>
    public string Experiment { get; private set; } = "";

    /// <summary>Memory of the learner now, in bytes.</summary>
    public long LearnerBytes => _learner.ResidentBytes;

    /// <summary>Memory of all replay services now, in bytes.</summary>
    public long ReplayBytes => _replays.Sum(replay => replay.ResidentBytes);

    /// <summary>Time of cores that the learner has taken so far.</summary>
    public TimeSpan LearnerTime => _learner.ProcessorTime;

    /// <summary>Time of cores that all replay services have taken so far.</summary>
    public TimeSpan ReplayTime => _replays.Aggregate(TimeSpan.Zero, (sum, replay) => sum + replay.ProcessorTime);

    /// <summary>Starts them, and makes the tables.</summary>
    /// <param name="shards">How many replay services.</param>
    /// <param name="capacitySteps">Of each table.</param>
    /// <param name="variables">What the processes have in their environment besides.</param>
    public static async Task<ScaledServices> StartAsync(
        int shards, ulong capacitySteps = 0, IReadOnlyDictionary<string, string>? variables = null)
    {
        var services = new ScaledServices(shards, variables ?? new Dictionary<string, string>());
        try
        {
            await services.PrepareAsync(capacitySteps);
            return services;
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _replays.Append(_learner))
        {
            await process.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    /// <summary>A channel with the default limits.</summary>
    public static Grpc.Net.Client.GrpcChannel Connect(ServiceAddress address) => Channels.Open(address, new ServiceOptions { Listen = [] });

    private async Task PrepareAsync(ulong capacitySteps)
    {
        foreach (var address in Replays)
        {
            using var channel = Connect(address);
            var definition = new TableDefinition
            {
                Name = Table,
                Kind = TableKind.Uniform,
                Items = ItemKind.Block,
                Store = StoreKind.Memory,
                CapacitySteps = capacitySteps,
            };
            await UntilItAnswersAsync(() => new Protocol.V1.Replay.ReplayClient(channel)
                .CreateTableAsync(new CreateTableRequest { Definition = definition }).ResponseAsync);
        }

        using var learner = Connect(Learner);
        while (Experiment.Length == 0)
        {
            var runs = await UntilItAnswersAsync(
                () => new Experiments.ExperimentsClient(learner).ListAsync(new ListRequest()).ResponseAsync);
            Experiment = runs.Experiments.FirstOrDefault()?.Id ?? "";
        }
    }

    private async Task<T> UntilItAnswersAsync<T>(Func<Task<T>> ask)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (RpcException error) when (Resilience.IsTransient(error) && !limit.IsCancellationRequested)
            {
                if (_replays.Append(_learner).FirstOrDefault(process => process.HasExited) is { } ended)
                {
                    throw new InvalidOperationException($"a service ended\n{ended.Output}");
                }

                await Task.Delay(50);
            }
        }
    }

    private RapidProcess Start(string service, ServiceAddress address, IReadOnlyDictionary<string, string> variables) =>
        RapidProcess.StartProgram(
            Environment.ProcessPath!, _folder.FullName, [service],
            new Dictionary<string, string>(variables)
            {
                ["RAPID_LISTEN"] = address.ToString(),
                ["RAPID_RUNS"] = Path.Combine(_folder.FullName, "runs"),
                ["RAPID_REPLAY"] = string.Join(',', Replays),
                ["RAPID_REPLAY_CHECKPOINTS"] = Path.Combine(_folder.FullName, "checkpoints"),
            });

    private static ServiceAddress FreeAddress()
    {
        using var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        return ServiceAddress.Parse($"http://{probe.LocalEndpoint}");
    }
}
