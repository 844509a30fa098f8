using System.Net.Sockets;

namespace Rapid.Hosting;

/// <summary>The file of a unix socket that a service wants to listen on.</summary>
internal static class SocketFile
{
    /// <summary>Removes the file that a killed process left behind.</summary>
    /// <param name="path">Path of the socket.</param>
    /// <param name="variable">Name of the variable that has it, for the message.</param>
    /// <exception cref="ConfigurationException">A service listens on it, or it is no socket, or its folder does not exist.</exception>
    public static void MakeFree(string path, string variable)
    {
        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw Refused(variable, path, "its folder does not exist; create it");
        }

        if (Directory.Exists(path) || (File.Exists(path) && new FileInfo(path).Length > 0))
        {
            throw Refused(variable, path, "a file or folder that is no socket is there; choose another path");
        }

        if (IsServed(path))
        {
            throw Refused(variable, path, "a running service listens on it; stop that or choose another path");
        }

        File.Delete(path);
    }

    private static bool IsServed(string path)
    {
        // Not blocking: a service that is stopped in a debugger must not stop this one too.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress or SocketError.TryAgain;
        }
    }

    private static ConfigurationException Refused(string variable, string path, string why) =>
        new([$"{variable}: cannot listen on unix:{path}: {why}"]);
}
