using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Rapid.EndToEnd.Tests;

/// <summary>Redis, replay, learner, evaluator and actors as processes that talk over TCP; each may be killed and started again.</summary>
public sealed class ClusterProcesses : IAsyncDisposable
{
    private readonly string _folder;
    private readonly List<RapidProcess> _ended = [];
    private readonly Dictionary<string, RapidProcess> _running = [];
    private readonly int _redisPort;
    private readonly Dictionary<string, string> _variables;
    private readonly string[] _replays;
    private readonly string _learner;

    private ClusterProcesses(string folder, int replays)
    {
        _folder = folder;
        var ports = FreePorts(2 + replays);
        (_redisPort, _learner) = (ports[0], Address(ports[1]));
        _replays = [.. ports.Skip(2).Select(Address)];
        _variables = new Dictionary<string, string>
        {
            ["RAPID_REDIS"] = $"127.0.0.1:{_redisPort}",
            ["RAPID_REPLAY"] = string.Join(',', _replays),
            ["RAPID_LEARNER"] = _learner,
            ["RAPID_ACTOR_SLOTS"] = "4",
            ["RAPID_TOKEN"] = "a-token-of-the-test",
        };
    }

    /// <summary>Outputs of all processes, for messages.</summary>
    public string Story => string.Join('\n', _ended.Concat(_running.Values).Select(process => process.Output));

    /// <summary>What clients of this cluster have in their environment.</summary>
    public IReadOnlyDictionary<string, string> Variables => _variables;

    /// <summary>Starts one of each, and actors, in an order that nobody waits for. The first replay service is "replay", others "replay 1" and so
    /// on, each with a database of its own in Redis.</summary>
    public static ClusterProcesses Start(string folder, int actors, int replays = 1)
    {
        var cluster = new ClusterProcesses(folder, replays);
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

    /// <summary>SIGKILL, and at once a new one.</summary>
    public async Task RestartAsync(string name)
    {
        await KillAsync(name);
        Start(name);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync(string name)
    {
        Assert.False(_running[name].HasExited, $"{name} ended by itself\n{Story}");
        await _running[name].KillAsync();
        _ended.Add(_running[name]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running.Values.Concat(_ended))
        {
            await process.DisposeAsync();
        }
    }

    /// <summary>Starts one that was killed.</summary>
    public void Start(string name)
    {
        var service = name.Split(' ')[0];
        var number = name.Length > service.Length ? int.Parse(name[service.Length..], CultureInfo.InvariantCulture) : 0;
        _running[name] = service == "redis"
            ? RapidProcess.StartProgram(
                "redis-server", _folder, ["--port", $"{_redisPort}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            : RapidProcess.Start(_folder, [service], new Dictionary<string, string>(_variables)
            {
                ["RAPID_LISTEN"] = service switch { "replay" => _replays[number], "learner" => _learner, _ => "http://127.0.0.1:0" },
                ["RAPID_REDIS"] = $"127.0.0.1:{_redisPort},defaultDatabase={(service == "replay" ? number : 0)}",
            });
    }

    private static string Address(int port) => $"http://127.0.0.1:{port}";

    /// <summary>Ports that nobody listens on, all held until the last is found so that they differ.</summary>
    private static int[] FreePorts(int count)
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
