using System.Runtime.CompilerServices;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Publishing;

/// <summary>Hands the newest snapshot to every subscriber: a slow one skips versions. Snapshots that ask for an evaluation wait in a queue
/// until they have their score.</summary>
public sealed class PolicyHub
{
    private readonly Lock _gate = new();
    private readonly Queue<PolicySnapshot> _toEvaluate = [];
    private PolicySnapshot? _newest;
    private readonly ChangeSignal _changes = new();
    private bool _isOver;
    private int _subscribers;

    /// <summary>Makes a snapshot the newest.</summary>
    public void Publish(PolicySnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Change(() =>
        {
            _newest = snapshot;
            if (snapshot.EvaluationEpisodes > 0)
            {
                _toEvaluate.Enqueue(snapshot);
            }
        });
    }

    /// <summary>Whether nothing comes any more.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
            {
                return _isOver;
            }
        }
    }

    /// <summary>Subscriptions that are open.</summary>
    public int Subscribers => Volatile.Read(ref _subscribers);

    /// <summary>Snapshots that were asked to be evaluated and have no score yet.</summary>
    public int Unscored
    {
        get
        {
            lock (_gate)
            {
                return _toEvaluate.Count;
            }
        }
    }

    /// <summary>Asks for an evaluation of a snapshot that is not the newest any more.</summary>
    public void AskToEvaluate(PolicySnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Change(() => _toEvaluate.Enqueue(snapshot));
    }

    /// <summary>Whether this life of the run asked for an evaluation of a version that has no score yet, and the run goes on.</summary>
    public bool AskedToEvaluate(long version)
    {
        lock (_gate)
        {
            return _toEvaluate.Any(snapshot => snapshot.Version == version);
        }
    }

    /// <summary>The evaluation of a version, and those that were asked for before it, are not wanted any more.</summary>
    public void CloseEvaluation(long version) => Change(() =>
    {
        while (_toEvaluate.TryPeek(out var oldest) && oldest.Version <= version)
        {
            _toEvaluate.Dequeue();
        }
    });

    /// <summary>Ends every subscription, now and to come: the run is over.</summary>
    public void Complete() => Change(() =>
    {
        (_newest, _isOver) = (null, true);
        _toEvaluate.Clear();
    });

    /// <summary>The newest snapshot, then newer ones until the run is over.</summary>
    /// <param name="newerThan">Versions up to this one are skipped.</param>
    /// <param name="evaluationsOnly">Only snapshots that ask for an evaluation, one after the other: the next when one has its
    /// score.</param>
    /// <param name="cancellation">Ends the subscription.</param>
    public async IAsyncEnumerable<PolicySnapshot> SubscribeAsync(
        long newerThan, bool evaluationsOnly, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Interlocked.Increment(ref _subscribers);
        try
        {
            while (true)
            {
                PolicySnapshot? snapshot;
                Task changed;
                lock (_gate)
                {
                    snapshot = evaluationsOnly ? _toEvaluate.FirstOrDefault() : _newest;
                    changed = _changes.Next;
                    if (_isOver)
                    {
                        yield break;
                    }
                }

                if (snapshot is not null && snapshot.Version > newerThan)
                {
                    newerThan = snapshot.Version;
                    yield return snapshot;
                }
                else
                {
                    await changed.WaitAsync(cancellation);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _subscribers);
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            _changes.Raise();
        }
    }
}
