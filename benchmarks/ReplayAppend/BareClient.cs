using System.Net;
using System.Net.Sockets;

namespace Rapid.Benchmarks;

/// <summary>The client side of the bare stream: the same handler settings as the services' channels.</summary>
internal static class BareClient
{
    public static SocketsHttpHandler Handler(string path) => new()
    {
        InitialHttp2StreamWindowSize = 16 << 20,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };
}

/// <summary>A body of equal chunks, each flushed as a message would be.</summary>
internal sealed class BareContent(int chunks, int bytes) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var chunk = new byte[bytes];
        for (var i = 0; i < chunks; i++)
        {
            await stream.WriteAsync(chunk);
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
