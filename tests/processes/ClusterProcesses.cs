using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Rapid.Processes;

/// <summary>Redis, replay, learner, evaluator and actors as processes that talk over TCP; each may be killed and started again.</summary>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    private readonly string _folder;
    private readonly List<RapidProcess> _ended = [];
    private readonly Dictionary<string, RapidProcess> _running = [];
    private readonly int _redisPort;
    private readonly string? _fsync;
    private readonly Dictionary<string, string> _variables;
    private readonly string[] _replays;
    private readonly string _learner;

    private ClusterProcesses(string folder, int replays, string? fsync, IReadOnlyDictionary<string, string>? variables)
    {
        (_folder, _fsync) = (folder, fsync);
        var ports = FreePorts(2 + replays);
        (_redisPort, _learner) = (ports[0], Address(ports[1]));
        _replays = [.. ports.Skip(2).Select(Address)];
        _variables = new Dictionary<string, string>(variables ?? new Dictionary<string, string>())
        {
            ["RAPID_REDIS"] = $"127.0.0.1:{_redisPort}",
            ["RAPID_REPLAY"] = string.Join(',', _replays),
            ["RAPID_LEARNER"] = _learner,
            ["RAPID_ACTOR_SLOTS"] = "4",
            ["RAPID_TOKEN"] = Token,
        };
    }

    /// <summary>What every call carries.</summary>
    public static string Token => "a-token-of-the-test";

    /// <summary>Where the first replay service answers.</summary>
    public string Replay => _replays[0];

    /// <summary>Outputs of all processes, for messages.</summary>
    public string Story => string.Join('\n', _ended.Concat(_running.Values).Select(process => process.Output));

    /// <summary>What clients of this cluster have in their environment.</summary>
    public IReadOnlyDictionary<string, string> Variables => _variables;

    /// <summary>The processes that run now, by name.</summary>
    public IReadOnlyDictionary<string, RapidProcess> Running => _running;

    /// <summary>
    /// Starts one of each, and actors, in an order that nobody waits for. The first replay service is "replay", others "replay 1" and so
    /// on, each with a database of its own in Redis.
    /// </summary>
    /// <param name="folder">Where they run: the learner's runs, Redis' data.</param>
    /// <param name="actors">How many actors.</param>
    /// <param name="replays">How many replay services.</param>
    /// <param name="fsync">Redis' <c>appendfsync</c>; null keeps nothing on disk.</param>
    /// <param name="variables">What every process has in its environment besides.</param>
    public static ClusterProcesses Start(
        string folder, int actors, int replays = 1, string? fsync = null, IReadOnlyDictionary<string, string>? variables = null)
    {
        var cluster = new ClusterProcesses(folder, replays, fsync, variables);
        for (var i = 0; i < actors; i++)
        {
            cluster.Start($"actor {i}");
        }

        cluster.Start("evaluator");
        cluster.Start("learner");
        cluster.Start("replay");
        for (var i = 1; i < replays; i++)
        {
            cluster.Start($"replay {i}");
        }

        cluster.Start("redis");
        return cluster;
    }

    /// <summary>A client command against this cluster.</summary>
    public RapidProcess Client(params string[] arguments) => RapidProcess.Start(_folder, arguments, _variables);

    /// <summary>Submits a spec, as soon as the learner answers.</summary>
    /// <returns>The run's id.</returns>
    public async Task<string> SubmitAsync(string spec)
    {
        // Exit code 3 says that the learner does not answer yet.
        while (true)
        {
            await using var submit = Client("submit", spec);
            var exitCode = await submit.WaitAsync();
            if (exitCode == 0)
            {
                return submit.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1].Trim();
            }

            if (exitCode != 3)
            {
                throw new InvalidOperationException(submit.Output);
            }
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync(string name)
    {
        var process = _running[name];
        if (process.HasExited)
        {
            throw new InvalidOperationException($"{name} ended by itself\n{Story}");
        }

        await process.KillAsync();
        _running.Remove(name);
        _ended.Add(process);
    }

    /// <summary>SIGKILL, and at once a new one.</summary>
    public async Task RestartAsync(string name)
    {
        await KillAsync(name);
        Start(name);
    }

    /// <summary>Starts one that is not there.</summary>
    public void Start(string name)
    {
        var service = name.Split(' ')[0];
        var number = name.Length > service.Length ? int.Parse(name[service.Length..], CultureInfo.InvariantCulture) : 0;
        _running.Add(name, service == "redis"
            ? RapidProcess.StartProgram(
                "redis-server", _folder,
                [
                    "--port", $"{_redisPort}", "--bind", "127.0.0.1", "--save", "",
                    .. _fsync is null ? (string[])["--appendonly", "no"] : ["--appendonly", "yes", "--appendfsync", _fsync],
                ])
            : RapidProcess.Start(_folder, [service], new Dictionary<string, string>(_variables)
            {
                ["RAPID_LISTEN"] = service switch { "replay" => _replays[number], "learner" => _learner, _ => "http://127.0.0.1:0" },
                ["RAPID_REDIS"] = $"127.0.0.1:{_redisPort},defaultDatabase={(service == "replay" ? number : 0)}",
            }));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running.Values.Concat(_ended))
        {
            await process.DisposeAsync();
        }
    }

    private static string Address(int port) => $"http://127.0.0.1:{port}";

    /// <summary>Ports that nobody listens on, all held until the last is found so that they differ.</summary>
    public static int[] FreePorts(int count)
    {
        var probes = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            probes.ForEach(probe => probe.Start());
            return [.. probes.Select(probe => ((IPEndPoint)probe.LocalEndpoint).Port)];
        }
        finally
        {
            probes.ForEach(probe => probe.Dispose());
        }
    }
}
