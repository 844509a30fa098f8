using System.Net;
using Microsoft.AspNetCore.Builder;

namespace Rapid.Benchmarks;

/// <summary>
/// HTTP/2 bodies of equal chunks in both directions, through the same Kestrel and the same kind of handler as the services.
/// </summary>
internal static class BareStreams
{
    private const string Up = "/up", Down = "/down";

    public static void Map(WebApplication app, int chunks, int chunkBytes)
    {
        app.MapPost(Up, async context =>
        {
            while (await context.Request.BodyReader.ReadAsync() is var read)
            {
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        });
        var chunk = new byte[chunkBytes];
        app.MapPost(Down, async context =>
        {
            for (var i = 0; i < chunks; i++)
            {
                await context.Response.BodyWriter.WriteAsync(chunk);
            }
        });
    }

    public static HttpMessageInvoker Connect(string socket) => new(BareClient.Handler(socket));

    public static async Task SendAsync(HttpMessageInvoker client, int chunks, int chunkBytes)
    {
        using var request = Post(Up);
        request.Content = new BareContent(chunks, chunkBytes);
        using var response = await client.SendAsync(request, CancellationToken.None);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Receives whole chunks into one buffer.</summary>
    public static async Task ReceiveAsync(HttpMessageInvoker client, int chunks, int chunkBytes)
    {
        using var request = Post(Down);
        using var response = await client.SendAsync(request, CancellationToken.None);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[chunkBytes];
        for (var i = 0; i < chunks; i++)
        {
            await body.ReadExactlyAsync(buffer);
        }
    }

    private static HttpRequestMessage Post(string path) => new(HttpMethod.Post, $"http://localhost{path}")
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}
