using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Rapid.Hosting.Tests;

/// <summary>Makes calls of one method that gRPC's own client would not make.</summary>
internal sealed class BareClient(string socketPath, string method) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    public Task<(string Status, string Message)> CallAsync(string token, byte[] message) =>
        CallAsync(token, new ByteArrayContent(message));

    public async Task<(string Status, string Message)> CallAsync(string token, HttpContent body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://localhost/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Add("grpc-encoding", "gzip");
        request.Headers.Add("te", "trailers");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        await response.Content.CopyToAsync(Stream.Null);
        // An error before any message is in the headers of the response, one after it in its trailers.
        return (Value("grpc-status"), Value("grpc-message"));

        string Value(string name) =>
            response.Headers.TryGetValues(name, out var values) || response.TrailingHeaders.TryGetValues(name, out values)
                ? Uri.UnescapeDataString(values.Single())
                : "";
    }

    public void Dispose() => _http.Dispose();
}
