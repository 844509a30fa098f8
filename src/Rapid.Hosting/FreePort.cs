using System.Net;
using System.Net.Sockets;

namespace Rapid.Hosting;

/// <summary>Picks the port of a listener whose address names a range.</summary>
internal static class FreePort
{
    /// <summary>The first port of the range that nobody listens on; the first of all when none is free, whose error then says so.</summary>
    public static int Choose(ServiceAddress address)
    {
        for (var port = address.Port; port < address.LastPort; port++)
        {
            if (IsFree(port))
            {
                return port;
            }
        }

        return address.LastPort;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
