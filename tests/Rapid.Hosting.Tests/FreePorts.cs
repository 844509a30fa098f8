using System.Net;
using System.Net.Sockets;

namespace Rapid.Hosting.Tests;

/// <summary>Ports that nobody listens on.</summary>
internal static class FreePorts
{
    /// <summary>One that the system has just chosen.</summary>
    public static int One()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
