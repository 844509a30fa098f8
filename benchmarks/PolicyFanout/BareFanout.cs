using System.Buffers.Binary;
using Microsoft.AspNetCore.Builder;
using Rapid.Hosting;

namespace Rapid.Benchmarks;

/// <summary>The newest message for many HTTP/2 bodies, without gRPC through the same Kestrel, each with a connection of its own.</summary>
internal sealed class BareFanout(int bytes)
{
    private const string Path = "/fanout";

    // Faster than the whole message at once.
    private const int SliceBytes = 32 << 10;

    private readonly Lock _gate = new();
    private readonly ChangeSignal _changes = new();
    private byte[] _newest = [];

    public void Map(WebApplication app) => app.MapPost(Path, async context =>
    {
        for (byte[] sent = []; ;)
        {
            byte[] newest;
            Task changed;
            lock (_gate)
            {
                (newest, changed) = (_newest, _changes.Next);
            }

            if (newest == sent)
            {
                await changed.WaitAsync(context.RequestAborted);
            }
            else
            {
                for (var left = newest.AsMemory(); left.Length > 0;)
                {
                    var slice = left[..Math.Min(SliceBytes, left.Length)];
                    await context.Response.BodyWriter.WriteAsync(slice, context.RequestAborted);
                    left = left[slice.Length..];
                }

                sent = newest;
            }
        }
    });

    /// <summary>Makes a message of zeros that begins with its version.</summary>
    public void Publish(long version)
    {
        var message = BareStreams.Frame(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(message.Length - bytes), version);
        lock (_gate)
        {
            _newest = message;
            _changes.Raise();
        }
    }

    public static async Task ReceiveAsync(string socket, Action<long> received, CancellationToken cancellation)
    {
        using var client = BareClient.Connect(socket);
        await using var body = await client.PostAsync(Path, cancellation: cancellation);
        while (await BareStreams.ReadAsync(body, cancellation) is { } message)
        {
            received(BinaryPrimitives.ReadInt64LittleEndian(message));
        }
    }
}
