using System.Diagnostics;
using Rapid.Redis;

namespace Rapid.Learner.Queue;

/// <summary>
/// The right to train a run, which one of several learners has. It counts by this process' own clock, from before each renewal: so it is
/// over here before Redis lends it to another. A learner that was frozen therefore finds, before it begins the next file, that it may not;
/// what it had begun it may finish. The lock of the run's folder says nothing between these learners, because the system keeps it for a
/// process that is frozen: they share it, and it keeps away those that train without Redis.
/// </summary>
internal sealed class RunLease : IDisposable
{
    private readonly Lock _gate = new();
    private readonly IDisposable _folder;
    private readonly Action<RunLease, bool> _return;
    private readonly CancellationTokenSource _lost = new();
    private long _until;
    private bool _isReturned;

    /// <param name="id">The run's.</param>
    /// <param name="inRedis">Has been taken.</param>
    /// <param name="since">When it was asked for, as a <see cref="Stopwatch"/> counts.</param>
    /// <param name="folder">The shared lock of the run's folder.</param>
    /// <param name="giveBack">Gives it back, and is told whether it was held until then.</param>
    public RunLease(string id, RedisLease inRedis, long since, IDisposable folder, Action<RunLease, bool> giveBack)
    {
        (Id, InRedis, _folder, _return) = (id, inRedis, folder, giveBack);
        Epoch = (ulong)inRedis.Token;
        Lost = _lost.Token;
        Count(since);
    }

    /// <summary>How long a learner that says nothing keeps its runs.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromSeconds(6);

    /// <summary>The run's.</summary>
    public string Id { get; }

    /// <summary>What Redis knows of it.</summary>
    public RedisLease InRedis { get; }

    /// <summary>Fencing token of this life of the run: greater than those of all before it.</summary>
    public ulong Epoch { get; }

    /// <summary>Cancelled when it is lost.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Whether it has ended, or was given back.</summary>
    public bool IsLost => Lost.IsCancellationRequested || Stopwatch.GetTimestamp() >= Interlocked.Read(ref _until);

    /// <summary>Whether the run is over, and nobody need take it up again.</summary>
    public bool IsOfEndedRun { get; set; }

    /// <summary>Counts from a renewal that Redis has confirmed.</summary>
    /// <param name="since">When it was asked for.</param>
    public void Extend(long since)
    {
        lock (_gate)
        {
            if (!_isReturned && !IsLost)
            {
                Count(since);
            }
        }
    }

    /// <summary>Another learner has it.</summary>
    public void Lose()
    {
        lock (_gate)
        {
            if (!_isReturned)
            {
                Interlocked.Exchange(ref _until, 0);
                _lost.CancelAfter(TimeSpan.Zero);
            }
        }
    }

    /// <summary>Makes sure that a file of the run may be begun.</summary>
    /// <exception cref="LeaseLostException">It may not.</exception>
    public void Check()
    {
        if (IsLost)
        {
            throw new LeaseLostException($"the lease of {Id} is over: another learner may train it");
        }
    }

    /// <summary>Gives it back. Nobody writes to the run's folder by it any more.</summary>
    public void Dispose()
    {
        bool isHeld;
        lock (_gate)
        {
            if (_isReturned)
            {
                return;
            }

            (isHeld, _isReturned) = (!IsLost, true);
            Interlocked.Exchange(ref _until, 0);
            _lost.Dispose();
        }

        _folder.Dispose();
        _return(this, isHeld);
    }

    private void Count(long since)
    {
        Interlocked.Exchange(ref _until, since + (long)(Lifetime.TotalSeconds * Stopwatch.Frequency));
        var left = Lifetime - Stopwatch.GetElapsedTime(since);
        _lost.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }
}
