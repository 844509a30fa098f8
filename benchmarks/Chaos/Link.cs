using System.Net;
using System.Net.Sockets;

namespace Rapid.Benchmarks;

/// <summary>A way between two processes of this machine that can be made bad: a port that leads to another.</summary>
internal sealed class Link : IAsyncDisposable
{
    private static readonly Weather Clear = new(IsCut: false, IsStalled: false, TimeSpan.Zero, 0);

    private readonly Lock _gate = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly HashSet<Connection> _connections = [];
    private readonly Task _accepting;
    private volatile Weather _weather = Clear;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="target">The port that it leads to.</param>
    public Link(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it begins.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Resets every connection, those to come as well.</summary>
    public void Cut()
    {
        Set(Clear with { IsCut = true });
        Array.ForEach(Connections(), connection => connection.Break());
    }

    /// <summary>Lets nothing pass, and keeps it.</summary>
    public void Stall() => Set(Clear with { IsStalled = true });

    /// <summary>Lets everything pass later.</summary>
    public void Delay(TimeSpan by) => Set(Clear with { Delay = by });

    /// <summary>Lets only so much pass.</summary>
    public void Throttle(long bytesPerSecond) => Set(Clear with { BytesPerSecond = bytesPerSecond });

    /// <summary>Swallows what comes on the connections that there are.</summary>
    public void Silence() => Array.ForEach(Connections(), connection => connection.IsSilent = true);

    /// <summary>Tells the clients of the connections that there are that nothing comes any more.</summary>
    public void HalfClose() => Array.ForEach(Connections(), connection => connection.EndReplies());

    /// <summary>All is well again.</summary>
    public void Heal() => Set(Clear);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        Array.ForEach(Connections(), connection => connection.Break());
        await _accepting;
    }

    private void Set(Weather weather)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _weather = weather;
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.SetResult();
    }

    private Connection[] Connections()
    {
        lock (_gate)
        {
            return [.. _connections];
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        var connection = new Connection(client, server);
        lock (_gate)
        {
            _connections.Add(connection);
        }

        try
        {
            if (_weather.IsCut)
            {
                return;
            }

            await server.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAll(PumpAsync(connection, client, server), PumpAsync(connection, server, client));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // One of the two has gone.
        }
        finally
        {
            connection.Break();
            lock (_gate)
            {
                _connections.Remove(connection);
            }
        }
    }

    private async Task PumpAsync(Connection connection, Socket from, Socket to)
    {
        try
        {
            var buffer = new byte[16 << 10];
            while (await from.ReceiveAsync(buffer) is var count and > 0)
            {
                await PassAsync(count);
                for (var sent = 0; sent < count && !connection.IsSilent;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }

            if (!connection.IsSilent)
            {
                to.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            connection.Break();
        }
    }

    private async Task PassAsync(int bytes)
    {
        while (true)
        {
            Weather weather;
            Task changed;
            lock (_gate)
            {
                (weather, changed) = (_weather, _changed.Task);
            }

            if (!weather.IsStalled)
            {
                var pause = weather.Delay + TimeSpan.FromSeconds(weather.BytesPerSecond > 0 ? (double)bytes / weather.BytesPerSecond : 0);
                await (pause > TimeSpan.Zero ? Task.WhenAny(Task.Delay(pause), changed) : Task.CompletedTask);
                return;
            }

            await changed;
        }
    }

    private sealed record Weather(bool IsCut, bool IsStalled, TimeSpan Delay, long BytesPerSecond);

    private sealed class Connection(Socket client, Socket server)
    {
        private volatile bool _isSilent;

        public bool IsSilent
        {
            get => _isSilent;
            set => _isSilent = value;
        }

        public void EndReplies()
        {
            try
            {
                client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // It has ended already.
            }
        }

        /// <summary>Both sides are told, as of a process that was killed.</summary>
        public void Break()
        {
            client.Close(0);
            server.Close(0);
        }
    }
}
