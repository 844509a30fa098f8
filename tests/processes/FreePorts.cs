using System.Net;
using System.Net.Sockets;

namespace Rapid.Processes;

/// <summary>
/// Ports that nobody listens on, for programs that are started later. The system gives none of them to a connection, which would have it
/// before the program listens, and no two processes of tests get the same: each keeps a lock on a file for as long as it lives.
/// </summary>
internal static class FreePorts
{
    // Below the ports of connections (Linux: 32768 and up).
    private const int Least = 10_000, Most = 32_000;

    private static readonly List<FileStream> Claims = [];

    /// <summary>One.</summary>
    public static int One() => Some(1)[0];

    /// <summary>Several, all different.</summary>
    public static int[] Some(int count)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"rapid-ports-{Environment.UserName}"));
        lock (Claims)
        {
            var ports = new List<int>();
            while (ports.Count < count)
            {
                var port = Random.Shared.Next(Least, Most);
                if (IsFree(port) && Claim(Path.Combine(folder.FullName, $"{port}")) is { } claim)
                {
                    Claims.Add(claim);
                    ports.Add(port);
                }
            }

            return [.. ports];
        }
    }

    private static FileStream? Claim(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool IsFree(int port)
    {
        using var probe = new TcpListener(IPAddress.Any, port);
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
