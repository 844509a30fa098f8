namespace Rapid.Benchmarks;

/// <summary>A cluster whose processes are joined by links and have clocks of their own.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    private readonly Dictionary<string, Link> _links = [];

    private ChaosCluster(string folder, SkewedClock? clock)
    {
        Clock = clock;
        Processes = ClusterProcesses.Start(
            folder, Places.Actors, Places.Replays, fsync: "always", surroundings: new ClusterSurroundings
            {
                Reach = (from, to, port) => Places.Links.Contains($"{from}>{to}") ? LinkTo($"{from}>{to}", port).Port : port,
                VariablesOf = process => Clock?.VariablesOf(process) ?? new Dictionary<string, string>(),
                // The learner is to hear of files that it cannot write, not to die of them.
                StartRapid = (folder, service, variables) => service == "learner"
                    ? RapidProcess.StartProgram(
                        "bash", folder, ["-c", "trap '' XFSZ; exec \"$0\" \"$1\"", RapidProcess.Program, service], variables)
                    : RapidProcess.Start(folder, [service], variables),
            });
    }

    public ClusterProcesses Processes { get; }

    /// <summary>Null where clocks cannot be set.</summary>
    public SkewedClock? Clock { get; }

    /// <summary>What leads from one process to another.</summary>
    public IReadOnlyDictionary<string, Link> Links => _links;

    /// <summary>Starts everything in a folder.</summary>
    public static async Task<ChaosCluster> StartAsync(string folder) => new(folder, await SkewedClock.CreateAsync(folder));

    /// <summary>Where the replay services are, as who records traffic reaches them: by links.</summary>
    public IReadOnlyList<string> RecordersReplays() =>
    [
        .. Processes.Replays.Select((address, shard) =>
        {
            var link = LinkTo(shard == 0 ? "recorder>replay" : $"recorder>replay {shard}", new Uri(address).Port);
            return $"http://127.0.0.1:{link.Port}";
        }),
    ];

    public async ValueTask DisposeAsync()
    {
        await Processes.DisposeAsync();
        foreach (var link in _links.Values)
        {
            await link.DisposeAsync();
        }
    }

    private Link LinkTo(string name, int port)
    {
        if (!_links.TryGetValue(name, out var link))
        {
            _links.Add(name, link = new Link(port));
        }

        return link;
    }
}
