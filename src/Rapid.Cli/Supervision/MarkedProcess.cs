using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Rapid.Cli.Supervision;

/// <summary>
/// A process of a state folder. It is known by a variable in its environment, which it has from its first instruction to its last: whoever
/// started it may be killed at any moment, without a file that says what it has just done.
/// </summary>
/// <param name="Pid">Its number.</param>
/// <param name="Start">When it started, in ticks since the machine did: with the number, what no other process has.</param>
/// <param name="Name">Which service it is, or was started by.</param>
/// <param name="Fingerprint">Of the <see cref="ServicePlan"/> that it was started with.</param>
/// <param name="IsService">Whether it is the service itself rather than a process that the service started.</param>
internal sealed partial record MarkedProcess(int Pid, long Start, string Name, string Fingerprint, bool IsService)
{
    /// <summary>Asks a process to stop.</summary>
    public const int Terminate = 15;

    /// <summary>Ends a process.</summary>
    public const int Kill = 9;

    private const string Variable = "RAPID_SUPERVISED";

    // Places behind the name in /proc/PID/stat (man 5 proc).
    private const int StateField = 0, SessionField = 3, StartField = 19;

    private static readonly byte[] Mark = Encoding.UTF8.GetBytes($"{Variable}=");

    /// <summary>Whether it has not ended.</summary>
    public bool IsAlive => ReadStat(Pid) is { } stat && StartOf(stat) == Start;

    /// <summary>What a process of a service has in its environment.</summary>
    public static (string Name, string Value) MarkOf(StateFolder state, ServicePlan service) =>
        (Variable, $"{service.Name}|{service.Fingerprint}|{state.Path}");

    /// <summary>All processes of a folder but this one, oldest first.</summary>
    public static IReadOnlyList<MarkedProcess> All(StateFolder state) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(folder => Path.GetFileName(folder))
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && pid != Environment.ProcessId)
            .Select(pid => Find(pid, state))
            .OfType<MarkedProcess>()
            .OrderBy(process => process.Start),
    ];

    /// <summary>A process, when it is one of a folder.</summary>
    public static MarkedProcess? Find(int pid, StateFolder state)
    {
        if (ReadMark(pid)?.Split('|', 3) is not [var name, var fingerprint, var path]
            || path != state.Path
            || ReadStat(pid) is not { } stat)
        {
            return null;
        }

        var session = int.Parse(stat[SessionField], CultureInfo.InvariantCulture);
        return new MarkedProcess(pid, StartOf(stat), name, fingerprint, session == pid);
    }

    /// <summary>Signals it, unless it has ended.</summary>
    public void Signal(int signal)
    {
        if (IsAlive)
        {
            // It may end in between, and is then what was wanted.
            _ = SendSignal(Pid, signal);
        }
    }

    private static string? ReadMark(int pid)
    {
        try
        {
            var environment = File.ReadAllBytes($"/proc/{pid}/environ").AsSpan();
            while (!environment.IsEmpty)
            {
                var end = environment.IndexOf((byte)0);
                var variable = end < 0 ? environment : environment[..end];
                if (variable.StartsWith(Mark))
                {
                    return Encoding.UTF8.GetString(variable[Mark.Length..]);
                }

                environment = end < 0 ? [] : environment[(end + 1)..];
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is another user's.
        }

        return null;
    }

    /// <summary>What stands behind the name of a process; null when it has ended.</summary>
    private static string[]? ReadStat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');

            // One that nobody has buried yet is dead all the same.
            return fields[StateField] is "Z" or "X" ? null : fields;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long StartOf(string[] stat) => long.Parse(stat[StartField], CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
