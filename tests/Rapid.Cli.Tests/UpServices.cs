using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Rapid.Cli.Tests;

/// <summary>What <c>rapid up</c> starts in a test's folder, on free ports. It is seen from outside: by the environment of processes.
/// </summary>
internal sealed class UpServices : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Dictionary<string, string> _variables;

    public UpServices(string folder, int replays = 1)
    {
        _folder = folder;
        var ports = FreePorts.Some(1 + replays);
        LearnerPort = ports[0];
        _variables = new Dictionary<string, string>
        {
            ["RAPID_LEARNER"] = Address(ports[0]),
            ["RAPID_REPLAY"] = string.Join(',', ports[1..].Select(Address)),
        };
    }

    /// <summary>The port that the learner is given.</summary>
    public int LearnerPort { get; }

    /// <summary>Where the first replay service answers.</summary>
    public string Replay => _variables["RAPID_REPLAY"].Split(',')[0];

    /// <summary>The state folder.</summary>
    public string State => Path.Combine(_folder, ".rapid");

    /// <summary>The logs of all services, for messages.</summary>
    public string Story => string.Join('\n', Directory.Exists(Path.Combine(State, "logs"))
        ? Directory.EnumerateFiles(Path.Combine(State, "logs")).Select(log => $"--- {log}\n{File.ReadAllText(log)}")
        : []);

    /// <summary>Processes by the service that they are; a supervisor's second one is there twice.</summary>
    public IReadOnlyList<(string Name, int Pid)> Processes =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(process => (Name: NameOf(process), Process: Path.GetFileName(process)))
            .Where(process => process.Name is not null)
            .Select(process => (process.Name!, int.Parse(process.Process, CultureInfo.InvariantCulture)))
            .Order(),
    ];

    /// <summary>The process of a service; 0 when there is none.</summary>
    public int PidOf(string name) => Processes.FirstOrDefault(process => process.Name == name).Pid;

    /// <summary><c>rapid up</c> with the ports of this test.</summary>
    public Task<string> UpAsync(int expected, params string[] arguments) => UpAsync(expected, [], arguments);

    /// <summary><c>rapid up</c> with variables besides.</summary>
    public Task<string> UpAsync(int expected, Dictionary<string, string> variables, params string[] arguments)
    {
        var all = variables.Concat(_variables.Where(pair => !variables.ContainsKey(pair.Key))).ToDictionary();
        return RunAsync(expected, all, ["up", .. arguments]);
    }

    /// <summary>A command that finds the services by itself.</summary>
    /// <returns>What it printed.</returns>
    public Task<string> RunAsync(int expected, params string[] arguments) => RunAsync(expected, [], arguments);

    /// <summary><c>rapid status</c> as soon as all is well; on a busy machine an answer may take its time.</summary>
    public async Task<string> WellAsync()
    {
        const int MostAttempts = 20;
        for (var attempt = 1; ; attempt++)
        {
            await using var status = RapidProcess.Start(_folder, ["status"]);
            if (await status.WaitAsync() == 0)
            {
                return status.Output;
            }

            Assert.True(attempt < MostAttempts, $"{status.Output}\n{Story}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await RapidProcess.RunAsync(_folder, "down");
        foreach (var (_, pid) in Processes)
        {
            Kill(pid);
        }
    }

    /// <summary>SIGKILL.</summary>
    public static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended meanwhile.
        }
    }

    private async Task<string> RunAsync(int expected, Dictionary<string, string> variables, string[] arguments)
    {
        await using var process = RapidProcess.Start(_folder, arguments, variables);
        var exitCode = await process.WaitAsync();
        Assert.True(expected == exitCode, $"{exitCode} instead of {expected}\n{process.Output}\n{Story}");
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
        return process.Output;
    }

    /// <summary>The service that a process is; null for what belongs to another folder, or was started by a service.</summary>
    private string? NameOf(string process)
    {
        const string Mark = "RAPID_SUPERVISED=";
        try
        {
            var variables = Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(process, "environ"))).Split('\0');
            var mark = variables.FirstOrDefault(variable => variable.StartsWith(Mark, StringComparison.Ordinal))?[Mark.Length..];
            return mark?.Split('|') is [var name, _, var path] && path == State ? name : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Address(int port) => $"http://127.0.0.1:{port}";
}
