using System.Globalization;

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
    private readonly int[] _replayPorts;
    private readonly int _learnerPort;
    private readonly ClusterSurroundings _surroundings;

    private ClusterProcesses(
        string folder, int replays, string? fsync, IReadOnlyDictionary<string, string>? variables, ClusterSurroundings? surroundings)
    {
        (_folder, _fsync, _surroundings) = (folder, fsync, surroundings ?? new ClusterSurroundings());
        var ports = FreePorts.Some(2 + replays);
        (_redisPort, _learnerPort, _replayPorts) = (ports[0], ports[1], ports[2..]);
        _variables = new Dictionary<string, string>(variables ?? new Dictionary<string, string>())
        {
            ["RAPID_REDIS"] = $"127.0.0.1:{_redisPort}",
            ["RAPID_REPLAY"] = string.Join(',', _replayPorts.Select(Address)),
            ["RAPID_LEARNER"] = Learner,
            ["RAPID_ACTOR_SLOTS"] = "4",
            ["RAPID_TOKEN"] = Token,
        };
    }

    /// <summary>What every call carries.</summary>
    public static string Token => "a-token-of-the-test";

    /// <summary>Where the first replay service answers.</summary>
    public string Replay => Replays[0];

    /// <summary>Where the replay services answer.</summary>
    public string[] Replays => [.. _replayPorts.Select(Address)];

    /// <summary>Where the learner answers.</summary>
    public string Learner => Address(_learnerPort);

    /// <summary>Outputs of all processes, for messages.</summary>
    public string Story => string.Join('\n', _ended.Concat(_running.Values).Select(process => process.Output));

    /// <summary>What clients of this cluster have in their environment.</summary>
    public IReadOnlyDictionary<string, string> Variables => _variables;

    /// <summary>The processes that run now, by name.</summary>
    public IReadOnlyDictionary<string, RapidProcess> Running => _running;

    /// <summary>Where Redis keeps what it was told.</summary>
    public string RedisLogs => Path.Combine(_folder, "appendonlydir");

    /// <summary>The processes that were killed or stopped.</summary>
    public IReadOnlyList<RapidProcess> Ended => _ended;

    /// <summary>
    /// Starts one of each, and actors, in an order that nobody waits for. The first replay service is "replay", others "replay 1" and so
    /// on, each with a database of its own in Redis.
    /// </summary>
    /// <param name="folder">Where they run: the learner's runs, Redis' data.</param>
    /// <param name="actors">How many actors.</param>
    /// <param name="replays">How many replay services there may be.</param>
    /// <param name="startedReplays">How many of them are started; null starts all.</param>
    /// <param name="fsync">Redis' <c>appendfsync</c>; null keeps nothing on disk.</param>
    /// <param name="variables">What every process has in its environment besides.</param>
    /// <param name="surroundings">What lies between the processes and the machine.</param>
    public static ClusterProcesses Start(
        string folder, int actors, int replays = 1, string? fsync = null, IReadOnlyDictionary<string, string>? variables = null,
        ClusterSurroundings? surroundings = null, int? startedReplays = null)
    {
        var cluster = new ClusterProcesses(folder, replays, fsync, variables, surroundings);
        for (var i = 0; i < actors; i++)
        {
            cluster.Start($"actor {i}");
        }

        cluster.Start("evaluator");
        cluster.Start("learner");
        cluster.Start("replay");
        for (var i = 1; i < (startedReplays ?? replays); i++)
        {
            cluster.Start(NameOf("replay", i));
        }

        cluster.Start("redis");
        return cluster;
    }

    /// <summary>A client command against this cluster.</summary>
    public RapidProcess Client(params string[] arguments) => RapidProcess.Start(_folder, arguments, _variables);

    /// <summary>Submits a spec, as soon as the learner answers.</summary>
    /// <returns>The run's id.</returns>
    public async Task<string> SubmitAsync(string spec, params string[] options)
    {
        // Exit code 3 says that the learner does not answer yet.
        while (true)
        {
            await using var submit = Client(["submit", spec, .. options]);
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

    /// <summary>SIGKILL of all of them at once.</summary>
    public async Task KillAsync(params IReadOnlyCollection<string> names)
    {
        if (names.FirstOrDefault(name => _running[name].HasExited) is { } ended)
        {
            throw new InvalidOperationException($"{ended} ended by itself\n{Story}");
        }

        await Task.WhenAll(names.Select(name => _running[name].KillAsync()).ToList());
        foreach (var name in names)
        {
            _running.Remove(name, out var process);
            _ended.Add(process!);
        }
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
        var replays = _replayPorts.Select((port, shard) => Address(_surroundings.Reach(name, NameOf("replay", shard), port)));
        var redis = $"127.0.0.1:{_surroundings.Reach(name, "redis", _redisPort)}";
        if (service == "redis")
        {
            _running.Add(name, RapidProcess.StartProgram(
                "redis-server", _folder,
                [
                    "--port", $"{_redisPort}", "--bind", "127.0.0.1", "--save", "",
                    .. _fsync is null ? (string[])["--appendonly", "no"] : ["--appendonly", "yes", "--appendfsync", _fsync],
                ],
                _surroundings.VariablesOf(name)));
            return;
        }

        var variables = new Dictionary<string, string>(_variables)
        {
            ["RAPID_LISTEN"] = service switch
            {
                "replay" => Replays[number],
                "learner" => Learner,
                _ => "http://127.0.0.1:0",
            },
            ["RAPID_LEARNER"] = Address(_surroundings.Reach(name, "learner", _learnerPort)),
            ["RAPID_REPLAY"] = string.Join(',', replays),
            ["RAPID_REDIS"] = service == "replay" ? $"{redis},defaultDatabase={number}" : "",
        };
        foreach (var (variable, value) in _surroundings.VariablesOf(name))
        {
            variables[variable] = value;
        }

        _running.Add(name, _surroundings.StartRapid(_folder, service, variables));
    }

    /// <summary>A new one in the place of one that has ended by itself.</summary>
    public void Replace(string name)
    {
        _running.Remove(name, out var process);
        _ended.Add(process!);
        Start(name);
    }

    /// <summary>SIGTERM, and waits until it has ended.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync(string name)
    {
        var process = _running[name];
        process.Terminate();
        var exitCode = await process.WaitAsync();
        _running.Remove(name);
        _ended.Add(process);
        return exitCode;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running.Values.Concat(_ended))
        {
            await process.DisposeAsync();
        }
    }

    private static string NameOf(string service, int number) => number == 0 ? service : $"{service} {number}";

    private static string Address(int port) => $"http://127.0.0.1:{port}";
}
