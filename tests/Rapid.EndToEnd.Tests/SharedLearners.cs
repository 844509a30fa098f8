using System.Text.Json.Nodes;
using Grpc.Net.Client;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.EndToEnd.Tests;

/// <summary>Two learners that share a queue in a real Redis and a folder of runs, a replay service, an evaluator and actors: all
/// processes.</summary>
internal sealed class SharedLearners : IAsyncDisposable
{
    private readonly string _folder;
    private readonly int[] _ports = FreePorts.Some(4);
    private readonly Dictionary<string, RapidProcess> _running = [];
    private readonly List<RapidProcess> _all = [];
    private readonly GrpcChannel[] _channels;

    public SharedLearners(string folder)
    {
        _folder = folder;
        _channels = [.. _ports[..2].Select(port => Channels.Open(ServiceAddress.Parse(Address(port)), new ServiceOptions { Listen = [] }))];
    }

    /// <summary>Where the learners are.</summary>
    public string[] Addresses => [.. _ports[..2].Select(Address)];

    /// <summary>Outputs of all processes, for messages.</summary>
    public string Story => string.Join('\n', _all.Select(process => process.Output));

    /// <summary>A running process.</summary>
    public RapidProcess this[string name] => _running[name];

    /// <summary>A client of a learner.</summary>
    public Experiments.ExperimentsClient Client(int learner) => new(_channels[learner]);

    /// <summary>Starts "redis", "replay", "evaluator", "learner 0", "learner 1" or any "actor ...".</summary>
    /// <param name="name">Which.</param>
    /// <param name="learners">Those that a worker knows; null: both.</param>
    public void Start(string name, string? learners = null)
    {
        var service = name.Split(' ')[0];
        var process = service == "redis"
            ? RapidProcess.StartProgram(
                "redis-server", _folder, ["--port", $"{_ports[2]}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            : RapidProcess.Start(_folder, [service], new Dictionary<string, string>
            {
                ["RAPID_LISTEN"] = service switch
                {
                    "learner" => Addresses[name[^1] - '0'],
                    "replay" => Address(_ports[3]),
                    _ => "http://127.0.0.1:0",
                },
                ["RAPID_REDIS"] = service == "learner" ? $"127.0.0.1:{_ports[2]}" : "",
                ["RAPID_LEARNER"] = learners ?? string.Join(',', Addresses),
                ["RAPID_REPLAY"] = Address(_ports[3]),
                ["RAPID_ACTOR_SLOTS"] = "4",
            });
        _running[name] = process;
        _all.Add(process);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync(string name)
    {
        await _running[name].KillAsync();
        _running.Remove(name);
    }

    /// <summary>A client command that knows both learners.</summary>
    public RapidProcess Command(params string[] arguments) => RapidProcess.Start(
        _folder, arguments, new Dictionary<string, string> { ["RAPID_LEARNER"] = string.Join(',', Addresses) });

    /// <summary>Submits a spec, as soon as a learner answers.</summary>
    /// <returns>The run's id.</returns>
    public async Task<string> SubmitAsync(string spec)
    {
        while (true)
        {
            // One that timed out on a busy machine may have been taken all the same.
            await using var submit = Command("submit", "--once", spec);
            switch (await submit.WaitAsync())
            {
                case 0:
                    return submit.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1].Trim();
                case 3:
                    continue;
                default:
                    throw new InvalidOperationException(submit.Output);
            }
        }
    }

    /// <summary>Waits for something.</summary>
    public Task UntilAsync(Func<bool> condition) => Eventually.TrueAsync(condition, () => Story);

    /// <summary>How often a learner took a run up.</summary>
    public int Turns(string learner, string run) => _running[learner].Output.Split($"taking up {run}\n").Length - 1;

    /// <summary>The fencing token of a run's newest life.</summary>
    public static ulong EpochOf(RunFolder run) => (ulong)JsonNode.Parse(File.ReadAllText(Path.Combine(run.Path, "life.json")))!["epoch"]!;

    public async ValueTask DisposeAsync()
    {
        Array.ForEach(_channels, channel => channel.Dispose());
        foreach (var process in _all)
        {
            await process.DisposeAsync();
        }
    }

    private static string Address(int port) => $"http://127.0.0.1:{port}";
}
