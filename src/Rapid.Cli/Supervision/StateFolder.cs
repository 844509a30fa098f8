using System.Text;
using System.Text.Json;
using Rapid.Cli.Terminal;

namespace Rapid.Cli.Supervision;

/// <summary>The folder of what <c>rapid up</c> runs: what is wanted, keys, sockets, logs and Redis' data.</summary>
internal sealed class StateFolder
{
    /// <summary>Names the folder where <c>--state</c> does not.</summary>
    public const string Variable = "RAPID_STATE";

    private const string DefaultName = ".rapid";

    // The longest name of a service is that of an actor with four digits.
    private const string LongestSocket = "/sockets/actor-1000";
    private const int LongestPath = 107;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private StateFolder(string path) => Path = path;

    /// <summary>The whole path, without links at its end, so that one folder has one name.</summary>
    public string Path { get; }

    /// <summary>Whether anything was ever started from here.</summary>
    public bool Exists => File.Exists(PlanFile);

    /// <summary>Where the keys are.</summary>
    public string Keys => In("keys");

    /// <summary>Held by the supervisor that works; another one waits for it.</summary>
    public string SupervisorLock => In("supervisor.lock");

    /// <summary>What the supervisor counts: restarts, how services ended.</summary>
    public string HistoryFile => In("services.json");

    /// <summary>What is wanted.</summary>
    public string PlanFile => In("plan.json");

    /// <summary>The folder that an option names, or RAPID_STATE, or <c>./.rapid</c>; it need not exist.</summary>
    public static StateFolder Locate(string? option)
    {
        var named = option ?? (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : DefaultName);
        var path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(named));
        var target = Directory.Exists(path) ? Directory.ResolveLinkTarget(path, returnFinalTarget: true) : null;
        return new StateFolder(target?.FullName ?? path);
    }

    /// <summary>A path inside.</summary>
    public string In(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>The log of a service.</summary>
    public string LogOf(string service) => In("logs", $"{service}.log");

    /// <summary>The unix socket of a service.</summary>
    public string SocketOf(string service) => In("sockets", service);

    /// <summary>Makes the folder, which only its user may enter.</summary>
    /// <exception cref="CliException">Its path does not fit into the address of a socket.</exception>
    public void Create()
    {
        // Addresses in lists and options of Redis are taken apart at these.
        if (Path.FirstOrDefault(c => c is ',' or ';' or '=' or '"' or '\\' || char.IsControl(c)) is var wrong && wrong != 0)
        {
            throw new CliException($"--state: '{Path}' holds '{wrong}'; choose a folder without it", ExitCode.BadInput);
        }

        var most = LongestPath - LongestSocket.Length;
        if (Encoding.UTF8.GetByteCount(Path) > most)
        {
            throw new CliException(
                $"--state: '{Path}' is too long for the sockets in it; choose a folder whose path has at most {most} bytes, "
                + $"with --state or {Variable}", ExitCode.BadInput);
        }

        foreach (var folder in (string[])[Path, Keys, In("sockets"), In("logs"), In("redis")])
        {
            Directory.CreateDirectory(folder, Private | UnixFileMode.UserExecute);
        }
    }

    /// <summary>What is wanted; null when nothing was ever started, or the file cannot be read.</summary>
    public ClusterPlan? ReadPlan() => Read<ClusterPlan>(PlanFile);

    /// <summary>Says what is wanted; a running supervisor does it.</summary>
    public void WritePlan(ClusterPlan plan) => Write(PlanFile, plan);

    /// <summary>What the supervisor counted, by service.</summary>
    public Dictionary<string, ServiceHistory> ReadHistory() => Read<Dictionary<string, ServiceHistory>>(HistoryFile) ?? [];

    /// <summary>Keeps what the supervisor counted.</summary>
    public void WriteHistory(IReadOnlyDictionary<string, ServiceHistory> history) => Write(HistoryFile, history);

    /// <summary>Lets one command at a time start or stop services.</summary>
    /// <exception cref="CliException">Another one is at it.</exception>
    public IDisposable TakeTurn()
    {
        try
        {
            return new FileStream(In("up.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (Directory.Exists(Path))
        {
            throw new CliException($"another 'rapid up' or 'rapid down' is under way in {Path}; try again when it has ended");
        }
    }

    /// <summary>Writes a file that only its user may read, whole or not at all.</summary>
    public static void WritePrivate(string path, string content)
    {
        var draft = $"{path}.new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Private };
        using (var writer = new StreamWriter(draft, options))
        {
            writer.Write(content);
        }

        File.Move(draft, path, overwrite: true);
    }

    private static void Write<T>(string path, T value) => WritePrivate(path, JsonSerializer.Serialize(value, Json));

    private static T? Read<T>(string path)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
