using System.Net;
using System.Net.Sockets;

namespace Rapid.Benchmarks;

/// <summary>The client side of the bare streams: what of the services' channels decides how fast bytes travel.</summary>
internal static class BareClient
{
    public static HttpMessageInvoker Connect(string path) => new(new SocketsHttpHandler
    {
        EnableMultipleHttp2Connections = true,
        InitialHttp2StreamWindowSize = 16 << 20,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    /// <summary>The body of the response, whose headers have come.</summary>
    public static async Task<Stream> PostAsync(
        this HttpMessageInvoker client, string path, HttpContent? content = null, CancellationToken cancellation = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://localhost{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        var response = await client.SendAsync(request, cancellation);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStreamAsync(cancellation);
    }
}

/// <summary>A body of equal messages, each flushed.</summary>
internal sealed class BareContent(int messages, int bytes) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var message = BareStreams.Frame(bytes);
        for (var i = 0; i < messages; i++)
        {
            await stream.WriteAsync(message);
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
