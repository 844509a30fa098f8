using System.Globalization;
using Rapid.Hosting;

namespace Rapid.Cli.Supervision;

/// <summary>A port of this machine that somebody listens on.</summary>
/// <param name="Port">Its number.</param>
/// <param name="Pid">Who listens; null when it is another user's process.</param>
/// <param name="Command">What that process was started as.</param>
internal sealed record TakenPort(int Port, int? Pid, string? Command)
{
    // Columns of /proc/net/tcp (man 5 proc).
    private const int LocalField = 1, StateField = 3, INodeField = 9;
    private const string Listens = "0A";
    private const int LongestCommand = 60;

    /// <summary>Who listens on an address' port, on whatever interface; null when nobody does, and for a unix socket.</summary>
    public static TakenPort? Find(ServiceAddress address)
    {
        if (address.SocketPath is not null)
        {
            return null;
        }

        var end = string.Create(CultureInfo.InvariantCulture, $":{address.Port:X4}");
        var sockets = ((string[])["/proc/net/tcp", "/proc/net/tcp6"]).Where(File.Exists)
            .SelectMany(table => File.ReadLines(table).Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[StateField] == Listens && fields[LocalField].EndsWith(end, StringComparison.Ordinal))
            .Select(fields => $"socket:[{fields[INodeField]}]")
            .ToHashSet();
        if (sockets.Count == 0)
        {
            return null;
        }

        var owner = Directory.EnumerateDirectories("/proc").FirstOrDefault(process => Holds(process, sockets));
        return owner is null
            ? new TakenPort(address.Port, null, null)
            : new TakenPort(address.Port, int.Parse(Path.GetFileName(owner), CultureInfo.InvariantCulture), CommandOf(owner));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"port {Port} is taken by {(Pid is null ? "a process of another user" : $"process {Pid} ({Command})")}");

    private static bool Holds(string process, HashSet<string> sockets)
    {
        if (!char.IsAsciiDigit(Path.GetFileName(process)[0]))
        {
            return false;
        }

        try
        {
            return Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd"))
                .Any(file => new FileInfo(file).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string CommandOf(string process)
    {
        try
        {
            var command = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ').Trim();
            return command.Length <= LongestCommand ? command : $"{command[..LongestCommand]}...";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "ended meanwhile";
        }
    }
}
