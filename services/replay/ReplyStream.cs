using System.Threading.Channels;
using Grpc.Core;

namespace Rapid.Replay;

/// <summary>
/// Sends replies while the next requests are being read. Replies that are ready together leave together: when blocks come fast, waking
/// the client for each of them costs more than storing it.
/// </summary>
internal sealed class ReplyStream<T> : IAsyncDisposable
    where T : class
{
    private const int MostWaiting = 64;

    private static readonly WriteOptions Held = new(WriteFlags.BufferHint);

    private readonly Channel<T> _waiting =
        Channel.CreateBounded<T>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, SingleWriter = true });
    private readonly Task _sending;

    public ReplyStream(IServerStreamWriter<T> stream, CancellationToken cancellation) => _sending = SendAsync(stream, cancellation);

    /// <summary>Takes a reply, waiting while too many wait.</summary>
    /// <exception cref="ChannelClosedException">Sending has failed; disposing says why.</exception>
    public ValueTask WriteAsync(T reply, CancellationToken cancellation) => _waiting.Writer.WriteAsync(reply, cancellation);

    /// <summary>Returns when everything is sent.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _sending;
    }

    private async Task SendAsync(IServerStreamWriter<T> stream, CancellationToken cancellation)
    {
        try
        {
            await foreach (var reply in _waiting.Reader.ReadAllAsync(cancellation))
            {
                stream.WriteOptions = _waiting.Reader.TryPeek(out _) ? Held : null;
                await stream.WriteAsync(reply, cancellation);
            }
        }
        finally
        {
            _waiting.Writer.TryComplete();
        }
    }
}
