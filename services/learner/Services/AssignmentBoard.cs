using System.Diagnostics;
using System.Runtime.CompilerServices;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Services;

/// <summary>
/// Who does what: the slots of the running experiment go to enlisted actors, evenly. A worker keeps what it has; slots of a worker that
/// left go to others at once. A process gets more than one slot only after a grace period in which others may come. Who comes and who
/// leaves costs as much as the slots that move.
/// </summary>
public sealed class AssignmentBoard : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Worker> _workers = [];

    // Slots that nobody has, the lowest first, and actors that can fill another one, those with the fewest first.
    private readonly PriorityQueue<uint, uint> _free = new();
    private readonly SortedSet<Worker> _takers = new(
        Comparer<Worker>.Create((x, y) => (x.Slots.Count, x.Number).CompareTo((y.Slots.Count, y.Number))));

    private readonly TimeSpan _grace;
    private readonly Timer _afterGrace;
    private Assignment _work = new();
    private long _settling;
    private int _evaluators;
    private long _enlisted;
    private IReadOnlyList<string> _others = [];
    private int _slots;

    /// <param name="grace">How long others may come before one process fills several slots.</param>
    public AssignmentBoard(TimeSpan? grace = null)
    {
        _grace = grace ?? TimeSpan.FromSeconds(1);
        _afterGrace = new Timer(_ => Assign());
    }

    /// <summary>Whether an evaluator is enlisted.</summary>
    public bool HasEvaluator => Volatile.Read(ref _evaluators) > 0;

    /// <summary>Slots of what everybody works on.</summary>
    public int Slots
    {
        get
        {
            lock (_gate)
            {
                return _slots;
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
            foreach (var worker in _workers.Values.Where(worker => worker.Role != WorkerRole.Actor))
            {
                worker.Change();
            }
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

    /// <summary>Sets what everybody works on.</summary>
    /// <param name="work">Without slots; an empty experiment sends everybody home.</param>
    /// <param name="slots">Slots of the experiment.</param>
    public void Set(Assignment work, int slots)
    {
        ArgumentNullException.ThrowIfNull(work);
        lock (_gate)
        {
            (_work, _slots) = (work, slots);
            _takers.Clear();
            foreach (var worker in _workers.Values)
            {
                worker.Slots.Clear();
                worker.Change();
                if (worker.Role == WorkerRole.Actor)
                {
                    _takers.Add(worker);
                }
            }

            _free.Clear();
            _free.EnqueueRange(Enumerable.Range(0, slots).Select(slot => ((uint)slot, (uint)slot)));
        }

        Settle();
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
                Assignment? work = null;
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
                        work = worker.Role == WorkerRole.Actor && slots.Length == 0 ? new Assignment() : _work;
                    }

                    changed = worker.NextChange();
                }

                if (movedTo is not null)
                {
                    yield return new Assignment { MovedTo = movedTo };
                    yield break;
                }

                if (work is not null)
                {
                    var assignment = work.Clone();
                    assignment.Slots.AddRange(slots.Order());
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
                _takers.Add(worker);
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
        _takers.Remove(worker);
        _free.EnqueueRange(worker.Slots.Select(slot => (slot, slot)));
        worker.Slots.Clear();
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
            var isSettled = Stopwatch.GetElapsedTime(_settling) >= _grace;
            while (_free.Count > 0 && _takers.Min is { } taker && (isSettled || taker.Slots.Count == 0))
            {
                // Its place among the others follows from what it has.
                _takers.Remove(taker);
                taker.Slots.Add(_free.Dequeue());
                taker.Change();
                if (taker.Slots.Count < taker.MaxSlots)
                {
                    _takers.Add(taker);
                }
            }
        }
    }

    private sealed class Worker(string id, WorkerRole role, int maxSlots, long number)
    {
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Id => id;

        public WorkerRole Role => role;

        public int MaxSlots => maxSlots;

        /// <summary>Those that came earlier have lower ones.</summary>
        public long Number => number;

        public List<uint> Slots { get; } = [];

        /// <summary>The learner that it is sent on to; null: it stays.</summary>
        public string? MovedTo { get; set; }

        /// <summary>The same worker has enlisted again.</summary>
        public bool IsReplaced { get; set; }

        /// <summary>Grows with every change of what this worker should do.</summary>
        public long Version { get; private set; }

        public void Change()
        {
            Version++;
            _changed.TrySetResult();
        }

        /// <summary>Ends with the next change after this call.</summary>
        public Task NextChange()
        {
            if (_changed.Task.IsCompleted)
            {
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _changed.Task;
        }
    }
}
