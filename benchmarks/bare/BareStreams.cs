using System.Buffers.Binary;
using Microsoft.AspNetCore.Builder;

namespace Rapid.Benchmarks;

/// <summary>
/// HTTP/2 bodies of equal messages in both directions, through the same Kestrel and the same kind of handler as the services: what gRPC is
/// compared with. It does what every stream of messages must do that a receiver is to keep: each one begins with its length, and ends up
/// whole in an array of its own. It does nothing else: no fields, no checks, no replies.
/// </summary>
internal static class BareStreams
{
    private const string Up = "/up", Down = "/down";
    private const int PrefixBytes = sizeof(int);

    public static void Map(WebApplication app, int messages, int bytes)
    {
        app.MapPost(Up, async context =>
        {
            while (await ReadAsync(context.Request.Body) is not null)
            {
            }
        });
        var message = Frame(bytes);
        app.MapPost(Down, async context =>
        {
            for (var i = 0; i < messages; i++)
            {
                await context.Response.BodyWriter.WriteAsync(message);
            }
        });
    }

    /// <summary>A message of zeros, with its length in front.</summary>
    public static byte[] Frame(int bytes)
    {
        var frame = new byte[PrefixBytes + bytes];
        BinaryPrimitives.WriteInt32LittleEndian(frame, bytes);
        return frame;
    }

    /// <summary>The next message; null after the last.</summary>
    public static async Task<byte[]?> ReadAsync(Stream body, CancellationToken cancellation = default)
    {
        var prefix = new byte[PrefixBytes];
        if (await body.ReadAtLeastAsync(prefix, PrefixBytes, throwOnEndOfStream: false, cancellation) < PrefixBytes)
        {
            return null;
        }

        var message = GC.AllocateUninitializedArray<byte>(BinaryPrimitives.ReadInt32LittleEndian(prefix));
        await body.ReadExactlyAsync(message, cancellation);
        return message;
    }

    public static async Task SendAsync(HttpMessageInvoker client, int messages, int bytes)
    {
        await using var response = await client.PostAsync(Up, new BareContent(messages, bytes));
    }

    public static async Task ReceiveAsync(HttpMessageInvoker client)
    {
        await using var body = await client.PostAsync(Down);
        while (await ReadAsync(body) is not null)
        {
        }
    }
}
