using System.Diagnostics;
using System.Globalization;
using Rapid.Hosting;

namespace Rapid.Cli.Supervision;

/// <summary>Starts services that outlive their starter and its terminal.</summary>
internal static class ServiceLauncher
{
    /// <summary>Begins the line that every start writes into a service's log.</summary>
    public const string StartLine = "--- started ";

    // Logs that were larger when a service started make room, the oldest goes.
    private const long LogBytes = 10 << 20;
    private const int OldLogs = 3;

    // How much a process allocates between two collections, as the script gives it: actors are many, and an evaluator allocates little.
    private const string HeapVariable = "DOTNET_GCgen0size";

    // What a shell's environment says of services by hand is not meant for each of these.
    private static readonly string[] NotInherited =
    [
        "RAPID_LISTEN", "RAPID_METRICS_LISTEN", "RAPID_LEARNER", "RAPID_ADVERTISE", "RAPID_REPLAY", "RAPID_REDIS", "RAPID_REDIS_FILE",
        "RAPID_RUNS", "RAPID_TOKEN", "RAPID_TOKEN_FILE",
        .. Roles.All.SelectMany(role => (string[])[Roles.Variable(role), $"{Roles.Variable(role)}_FILE"]),
    ];

    /// <summary>Starts a service in a session of its own, with its log as output.</summary>
    /// <param name="state">Where it belongs.</param>
    /// <param name="service">What is started.</param>
    /// <param name="folder">The folder that it works in.</param>
    /// <param name="keepsVariables">Whether it inherits everything: a supervisor, which passes it on.</param>
    public static Process Start(StateFolder state, ServicePlan service, string folder, bool keepsVariables = false)
    {
        var log = state.LogOf(service.Name);
        Rotate(log);
        File.AppendAllText(
            log, string.Create(CultureInfo.InvariantCulture, $"{StartLine}{service.Name} {DateTime.Now:yyyy-MM-dd HH:mm:ss}\n"));
        var start = new ProcessStartInfo(
            "setsid",
            ["sh", "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, service.Program, .. service.Arguments])
        {
            WorkingDirectory = Directory.Exists(folder) ? folder : state.Path,
        };
        if (!keepsVariables)
        {
            foreach (var name in NotInherited)
            {
                start.Environment.Remove(name);
            }
        }

        foreach (var (name, value) in service.Variables.Append(MarkedProcess.MarkOf(state, service)))
        {
            start.Environment[name] = value;
        }

        start.Environment.TryAdd(
            HeapVariable, service.Kind switch { "actor" => "0x1000000", "replay" or "learner" => "0x4000000", _ => "0x200000" });
        return Process.Start(start)!;
    }

    /// <summary>Makes room for a new log.</summary>
    public static void Rotate(string log)
    {
        if (!File.Exists(log) || new FileInfo(log).Length < LogBytes)
        {
            return;
        }

        for (var i = OldLogs; i >= 1; i--)
        {
            var newer = i == 1 ? log : $"{log}.{i - 1}";
            if (File.Exists(newer))
            {
                File.Move(newer, $"{log}.{i}", overwrite: true);
            }
        }
    }
}
