using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Rapid.Deployment.Tests;

/// <summary>
/// Runs containers as processes of this machine, with the very commands and variables that their files give them. What a container engine
/// does is done by replacing text: names of hosts and the ports behind them become ports of this machine, the folders of a container become
/// folders here, and the image's /app the folders of what was built.
/// </summary>
internal sealed partial class LocalContainers(string folder) : IAsyncDisposable
{
    private readonly Dictionary<(string Host, string Port), int> _ports = [];
    private readonly List<RapidProcess> _running = [];

    /// <summary>Outputs of all processes, for messages.</summary>
    public string Story => string.Join('\n', _running.Select(process => process.Output));

    /// <summary>A folder of a container, such as "/keys".</summary>
    public string FolderOf(string container, string path)
    {
        var own = Path.Combine(folder, container + path);
        Directory.CreateDirectory(own);
        return own;
    }

    /// <summary>Puts a file of keys where a container finds it.</summary>
    public void WriteKey(string container, string name, string text) =>
        File.WriteAllText(Path.Combine(FolderOf(container, "/keys"), name), Here(container, text));

    /// <summary>Starts one.</summary>
    public RapidProcess Start(Container container)
    {
        var process = Run(container, container.Command);
        _running.Add(process);
        return process;
    }

    /// <summary>Runs a container's health check until it says that all is well.</summary>
    public async Task AwaitHealthAsync(Container container)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            await using var check = Run(container, container.HealthCheck);
            if (await check.WaitAsync() == 0)
            {
                return;
            }

            if (watch.Elapsed > TimeSpan.FromSeconds(90))
            {
                throw new TimeoutException($"{container.Name} does not get healthy: {check.Output}\n{Story}");
            }

            await Task.Delay(200);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running)
        {
            await process.DisposeAsync();
        }
    }

    private RapidProcess Run(Container container, IReadOnlyList<string> command)
    {
        var variables = container.Environment.ToDictionary(
            variable => variable.Key, variable => Here(container.Name, variable.Value));
        // Of the image's .NET, not of this machine's.
        variables.Remove("DOTNET_ROOT");
        variables["HOSTNAME"] = container.Name;
        var here = command.Select(word => Here(container.Name, word)).ToList();
        return RapidProcess.StartProgram(here[0], FolderOf(container.Name, "/data"), here.Skip(1), variables);
    }

    private string Here(string container, string text)
    {
        text = Program().Replace(text, match => Repository.Program(match.Groups[1].Value));
        text = OwnFolder().Replace(text, match => match.Groups[1].Value + FolderOf(container, match.Groups[2].Value));
        text = Listening().Replace(text, match => $"127.0.0.1:{PortOf(container, match.Groups[1].Value)}");
        text = RedisServer().Replace(text, $"redis-server - --bind 127.0.0.1 --port {PortOf("redis", "6379")}");
        text = Host().Replace(text, match => $"127.0.0.1:{PortOf(match.Groups[1].Value, match.Groups[3].Value)}");
        return text.Replace("redis-cli", $"redis-cli -p {PortOf("redis", "6379")}", StringComparison.Ordinal);
    }

    private int PortOf(string host, string port)
    {
        // The name of a stateful set's service leads to all of its pods, of which there is one here.
        host = host.EndsWith("-0", StringComparison.Ordinal) ? host[..^2] : host;
        if (!_ports.TryGetValue((host, port), out var here))
        {
            here = _ports[(host, port)] = FreePorts.One();
        }

        return here;
    }

    [GeneratedRegex(@"/app/([\w.]+)")]
    private static partial Regex Program();

    [GeneratedRegex(@"(^|[\s(""'=])(/keys|/data)\b")]
    private static partial Regex OwnFolder();

    [GeneratedRegex(@"\b0\.0\.0\.0:(\d+)")]
    private static partial Regex Listening();

    // A pod of a stateful set is called POD.SERVICE.
    [GeneratedRegex(@"\b((?:redis|replay|learner|collector)(?:-\d+)?)(\.[a-z]+)?:(\d+)")]
    private static partial Regex Host();

    [GeneratedRegex(@"redis-server -(?=\s|$)", RegexOptions.Multiline)]
    private static partial Regex RedisServer();
}
