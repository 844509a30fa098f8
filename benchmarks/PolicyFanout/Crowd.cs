using System.Diagnostics;

namespace Rapid.Benchmarks;

/// <summary>Receivers of what is published.</summary>
internal sealed class Crowd : IAsyncDisposable
{
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _receivers;
    private long _awaited = -1;

    /// <param name="receivers">How many.</param>
    /// <param name="receiveAsync">Receives until it is cancelled, and says which version came.</param>
    public Crowd(int receivers, Func<Action<long>, CancellationToken, Task> receiveAsync) =>
        _receivers = [.. Enumerable.Range(0, receivers).Select(_ => Task.Run(() => receiveAsync(Receive, _stop.Token)))];

    /// <summary>Milliseconds from the publication of a version until the last one has it.</summary>
    public async Task<double> TimeAsync(long version, Action<long> publish)
    {
        Volatile.Write(ref _awaited, version);
        var clock = Stopwatch.StartNew();
        publish(version);
        for (var i = 0; i < _receivers.Length; i++)
        {
            if (!await _arrived.WaitAsync(TimeSpan.FromSeconds(30)))
            {
                throw new TimeoutException($"a receiver did not get version {version}");
            }
        }

        return clock.Elapsed.TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_receivers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _arrived.Dispose();
    }

    /// <summary>Who has just subscribed may get an earlier version first.</summary>
    private void Receive(long version)
    {
        if (version == Volatile.Read(ref _awaited))
        {
            _arrived.Release();
        }
    }
}
