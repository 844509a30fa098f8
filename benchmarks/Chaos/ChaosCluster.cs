namespace Rapid.Benchmarks;

/// <summary>A cluster whose processes are joined by links and have clocks of their own.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    private readonly Dictionary<string, Link> _links = [];

    private string _program = RapidProcess.Program, _otherProgram;

    private ChaosCluster(string folder, string? otherProgram, SkewedClock? clock, (PacketFilter? Filter, string? WhyNot) packets)
    {
        (_otherProgram, Clock, (Packets, WhyNoPackets)) = (otherProgram ?? _program, clock, packets);
        Processes = ClusterProcesses.Start(
            folder, Places.Actors, Places.Replays, fsync: "always", surroundings: new ClusterSurroundings
            {
                Reach = (from, to, port) => Places.Links.Contains($"{from}>{to}") ? LinkTo($"{from}>{to}", port).Port : port,
                VariablesOf = process => Clock?.VariablesOf(process) ?? new Dictionary<string, string>(),
                // The learner is to hear of files that it cannot write, not to die of them.
                StartRapid = (folder, service, variables) => service == "learner"
                    ? RapidProcess.StartProgram(
                        "bash", folder, ["-c", "trap '' XFSZ; exec \"$0\" \"$1\"", _program, service], variables)
                    : RapidProcess.StartProgram(_program, folder, [service], variables),
            });
    }

    public ClusterProcesses Processes { get; }

    /// <summary>Null where clocks cannot be set.</summary>
    public SkewedClock? Clock { get; }

    /// <summary>Null where packets cannot be lost.</summary>
    public PacketFilter? Packets { get; }

    /// <summary>Why packets cannot be lost.</summary>
    public string? WhyNoPackets { get; }

    /// <summary>What leads from one process to another.</summary>
    public IReadOnlyDictionary<string, Link> Links => _links;

    /// <summary>Starts everything in a folder.</summary>
    /// <param name="folder">Empty.</param>
    /// <param name="otherProgram">Another version's <c>rapid</c>; null: there is one version only.</param>
    public static async Task<ChaosCluster> StartAsync(string folder, string? otherProgram) =>
        new(folder, otherProgram, await SkewedClock.CreateAsync(folder), await PacketFilter.CreateAsync());

    /// <summary>Whoever is started from here on is of the other version.</summary>
    public void ChangeVersion() => (_program, _otherProgram) = (_otherProgram, _program);

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
