using System.Buffers.Binary;
using System.Net;

namespace Rapid.Hosting.Tests;

/// <summary>A gRPC message of which half is sent, and the rest never.</summary>
internal sealed class HalfBody(int bytes) : HttpContent
{
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the half has left.</summary>
    public Task Sent => _sent.Task;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var half = new byte[5 + (bytes / 2)];
        BinaryPrimitives.WriteInt32BigEndian(half.AsSpan(1), bytes);
        await stream.WriteAsync(half, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        _sent.TrySetResult();
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
