using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rapid.Replay.Tests;

/// <summary>
/// Stands before a Redis and passes everything on, until a text comes that it is to hold: then the client loses its connection, and what it had
/// sent arrives when the test wants it to, as what a kernel sends again after a partition does.
/// </summary>
internal sealed class LateConnections : IDisposable
{
    private readonly int _redis;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource<(Socket Server, byte[] Bytes)> _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _text;

    public LateConnections(int redis)
    {
        _redis = redis;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Configuration => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port},abortConnect=false,connectTimeout=2000";

    /// <summary>The next write with this text is held; no other is.</summary>
    public void Hold(string text) => Volatile.Write(ref _text, text);

    /// <summary>Brings what was held to Redis, and waits until that has answered.</summary>
    public async Task ReleaseAsync()
    {
        var (server, bytes) = await _held.Task.WaitAsync(TimeSpan.FromSeconds(60));
        using (server)
        {
            await server.SendAsync(bytes);
            Assert.NotEqual(0, await server.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(60)));
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = PassAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task PassAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _redis);
            using var ended = new CancellationTokenSource();
            var replies = CopyAsync(server, client, _ => false, ended.Token);
            var isHeld = await CopyAsync(
                client, server,
                sent => Volatile.Read(ref _text) is { } text && Encoding.UTF8.GetString(sent.Span).Contains(text, StringComparison.Ordinal),
                ended.Token);
            await ended.CancelAsync();
            await ((Task)replies).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (isHeld is { } bytes)
            {
                Volatile.Write(ref _text, null);
                _held.SetResult((server, bytes));
                return;
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // One of both ended it.
        }
        finally
        {
            client.Dispose();
        }

        server.Dispose();
    }

    /// <returns>What is held; null when the sender ended.</returns>
    private static async Task<byte[]?> CopyAsync(
        Socket from, Socket to, Func<ReadOnlyMemory<byte>, bool> isHeld, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 16];
        while (await from.ReceiveAsync(buffer, cancellation) is > 0 and var count)
        {
            if (isHeld(buffer.AsMemory(0, count)))
            {
                return buffer[..count];
            }

            for (var sent = 0; sent < count;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), cancellation);
            }
        }

        return null;
    }
}
