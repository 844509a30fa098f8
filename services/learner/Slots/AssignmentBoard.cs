using System.Diagnostics;
using System.Runtime.CompilerServices;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Slots;

/// <summary>
/// Who does what: enlisted actors fill the slots of the experiments that run (<see cref="SlotShares"/>), evaluators score all of them. A
/// process gets more than one slot only after a grace period in which others may come.
/// </summary>
public sealed class AssignmentBoard : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Worker> _workers = [];
    private readonly SlotShares _shares = new();
    private readonly TimeSpan _grace;
    private readonly Timer _afterGrace;
    private long _settling;
    private int _evaluators;
    private long _enlisted;
    private IReadOnlyList<string> _others = [];

    /// <param name="grace">How long others may come before one process fills several slots.</param>
    public AssignmentBoard(TimeSpan? grace = null)
    {
        _grace = grace ?? TimeSpan.FromSeconds(1);
        _afterGrace = new Timer(_ => Assign());
    }

    /// <summary>Whether an evaluator is enlisted.</summary>
    public bool HasEvaluator => Volatile.Read(ref _evaluators) > 0;

    /// <summary>Slots of all that is worked on.</summary>
    public int Slots
    {
        get
        {
            lock (_gate)
            {
                return _shares.Works.Sum(work => work.Slots);
            }
        }
    }

    /// <summary>Enlisted workers of a role.</summary>
    public int Count(WorkerRole role)
    {
        lock (_gate)
        {
            return _workers.Values.Count(worker => worker.Role == role);
        }
    }

    /// <summary>Tells evaluators with which other learners they are to enlist.</summary>
    public void SetOthers(IReadOnlyList<string> learners)
    {
        lock (_gate)
        {
            if (learners.SequenceEqual(_others))
            {
                return;
            }

            _others = learners;
            ChangeEvaluators();
        }
    }

    /// <summary>Sends actors on to another learner: those with the fewest slots, the newest first.</summary>
    public void SendOn(int count, string learner)
    {
        lock (_gate)
        {
            var actors = _workers.Values.Where(worker => worker.Role == WorkerRole.Actor && worker.MovedTo is null);
            foreach (var worker in actors.OrderBy(worker => worker.Slots.Count).ThenByDescending(worker => worker.Number).Take(count))
            {
                worker.MovedTo = learner;
                worker.Change();
            }
        }
    }

    /// <summary>An experiment begins.</summary>
    /// <param name="assignment">What its actors are told, without slots.</param>
    /// <param name="slots">Slots that it wants filled.</param>
    public void Begin(Assignment assignment, int slots)
    {
        ArgumentNullException.ThrowIfNull(assignment);
        lock (_gate)
        {
            _shares.Begin(new SlotWork(assignment, slots));
            ChangeEvaluators();
        }

        Settle();
    }

    /// <summary>An experiment ends, if it has not already: nobody works for it any more.</summary>
    /// <param name="experiment">Its id.</param>
    public void End(string experiment)
    {
        lock (_gate)
        {
            if (_shares.Works.FirstOrDefault(work => work.Assignment.Experiment == experiment) is not { } work)
            {
                return;
            }

            _shares.End(work);
            ChangeEvaluators();
        }

        Assign();
    }

    /// <summary>Takes a worker in; it leaves when the enumeration ends.</summary>
    public async IAsyncEnumerable<Assignment> EnlistAsync(EnlistRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var worker = Add(request);
        if (worker.Role == WorkerRole.Actor)
        {
            Settle();
        }

        try
        {
            long sent = -1;
            while (true)
            {
                Task changed;
                Assignment[]? works = null;
                uint[] slots = [];
                IReadOnlyList<string> others = [];
                string? movedTo;
                lock (_gate)
                {
                    if (worker.IsReplaced)
                    {
                        yield break;
                    }

                    movedTo = worker.MovedTo;
                    if (worker.Version != sent)
                    {
                        others = worker.Role == WorkerRole.Actor ? [] : _others;
                        sent = worker.Version;
                        slots = [.. worker.Slots];
                        works = worker.Role != WorkerRole.Actor ? [.. _shares.Works.Select(work => work.Assignment)]
                            : worker.Work is { } work ? [work.Assignment]
                            : [];
                    }

                    changed = worker.NextChange();
                }

                if (movedTo is not null)
                {
                    yield return new Assignment { MovedTo = movedTo };
                    yield break;
                }

                if (works is not null)
                {
                    // An evaluator that knows of no others scores the earliest.
                    var assignment = works.FirstOrDefault()?.Clone() ?? new Assignment();
                    assignment.Slots.AddRange(slots.Order());
                    assignment.Beside.AddRange(works.Skip(1));
                    assignment.OtherLearners.AddRange(others);
                    yield return assignment;
                }
                else
                {
                    await changed.WaitAsync(cancellation);
                }
            }
        }
        finally
        {
            lock (_gate)
            {
                Remove(worker);
            }

            Assign();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _afterGrace.Dispose();

    private Worker Add(EnlistRequest request)
    {
        lock (_gate)
        {
            // Its connection broke and this side has not noticed: one life of a worker has one lease.
            if (_workers.TryGetValue(request.Worker, out var earlier))
            {
                Remove(earlier);
                earlier.IsReplaced = true;
                earlier.Change();
            }

            var worker = new Worker(
                request.Worker, request.Role, (int)Math.Clamp(request.MaxSlots, 1, int.MaxValue), _enlisted++);
            _workers.Add(worker.Id, worker);
            if (worker.Role == WorkerRole.Actor)
            {
                _shares.Enter(worker);
            }
            else
            {
                _evaluators++;
            }

            return worker;
        }
    }

    private void Remove(Worker worker)
    {
        if (worker.IsReplaced)
        {
            return;
        }

        _workers.Remove(worker.Id);
        _shares.Leave(worker);
        if (worker.Role != WorkerRole.Actor)
        {
            _evaluators--;
        }
    }

    private void Settle()
    {
        lock (_gate)
        {
            _settling = Stopwatch.GetTimestamp();
        }

        Assign();
        _afterGrace.Change(_grace + TimeSpan.FromMilliseconds(10), Timeout.InfiniteTimeSpan);
    }

    private void Assign()
    {
        lock (_gate)
        {
            _shares.Share(isSettled: Stopwatch.GetElapsedTime(_settling) >= _grace);
        }
    }

    private void ChangeEvaluators()
    {
        foreach (var worker in _workers.Values.Where(worker => worker.Role != WorkerRole.Actor))
        {
            worker.Change();
        }
    }
}
