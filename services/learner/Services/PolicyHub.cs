using System.Runtime.CompilerServices;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Services;

/// <summary>Hands the newest snapshot to every subscriber. Nobody queues: a slow subscriber skips versions.</summary>
public sealed class PolicyHub
{
    private readonly Lock _gate = new();
    private readonly HashSet<long> _toEvaluate = [];
    private PolicySnapshot? _newest;
    private PolicySnapshot? _newestEvaluation;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isOver;

    /// <summary>Makes a snapshot the newest.</summary>
    public void Publish(PolicySnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Change(() =>
        {
            _newest = snapshot;
            if (snapshot.EvaluationEpisodes > 0)
            {
                _newestEvaluation = snapshot;
                _toEvaluate.Add(snapshot.Version);
            }
        });
    }

    /// <summary>Whether this life of the run asked for an evaluation of a version, and the run goes on.</summary>
    public bool AskedToEvaluate(long version)
    {
        lock (_gate)
        {
            return _toEvaluate.Contains(version);
        }
    }

    /// <summary>Ends every subscription, now and to come: the run is over.</summary>
    public void Complete() => Change(() =>
    {
        (_newest, _newestEvaluation, _isOver) = (null, null, true);
        _toEvaluate.Clear();
    });

    /// <summary>The newest snapshot, then newer ones until the run is over.</summary>
    /// <param name="newerThan">Versions up to this one are skipped.</param>
    /// <param name="evaluationsOnly">Only snapshots that ask for an evaluation.</param>
    /// <param name="cancellation">Ends the subscription.</param>
    public async IAsyncEnumerable<PolicySnapshot> SubscribeAsync(
        long newerThan, bool evaluationsOnly, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            PolicySnapshot? snapshot;
            Task changed;
            lock (_gate)
            {
                snapshot = evaluationsOnly ? _newestEvaluation : _newest;
                changed = _changed.Task;
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

    private void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
