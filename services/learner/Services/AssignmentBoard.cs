using System.Runtime.CompilerServices;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Services;

/// <summary>
/// Who does what: the slots of the running experiment go to enlisted actors, evenly. A worker keeps what it has; slots of a worker that
/// left go to others at once. A process gets more than one slot only after a grace period in which others may come.
/// </summary>
public sealed class AssignmentBoard : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Worker> _workers = [];
    private readonly TimeSpan _grace;
    private readonly Timer _afterGrace;
    private Assignment _work = new();
    private uint _slots;
    private DateTime _settlesAt;

    /// <param name="grace">How long others may come before one process fills several slots.</param>
    public AssignmentBoard(TimeSpan? grace = null)
    {
        _grace = grace ?? TimeSpan.FromSeconds(1);
        _afterGrace = new Timer(_ => Assign());
    }

    /// <summary>Whether an evaluator is enlisted.</summary>
    public bool HasEvaluator
    {
        get
        {
            lock (_gate)
            {
                return _workers.Exists(worker => worker.Role == WorkerRole.Evaluator);
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
            _work = work;
            _slots = (uint)slots;
            foreach (var worker in _workers)
            {
                worker.Slots.Clear();
                worker.Version++;
            }
        }

        Settle();
    }

    /// <summary>Takes a worker in; it leaves when the enumeration ends.</summary>
    public async IAsyncEnumerable<Assignment> EnlistAsync(EnlistRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var worker = new Worker(request.Worker, request.Role, (int)Math.Clamp(request.MaxSlots, 1, int.MaxValue));
        lock (_gate)
        {
            // Its connection broke and this side has not noticed: one life of a worker has one lease.
            if (_workers.Find(other => other.Id == worker.Id) is { } earlier)
            {
                _workers.Remove(earlier);
                earlier.IsReplaced = true;
                earlier.Wake();
            }

            _workers.Add(worker);
        }

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
                Assignment? assignment = null;
                lock (_gate)
                {
                    if (worker.IsReplaced)
                    {
                        yield break;
                    }

                    changed = worker.Changed.Task;
                    if (worker.Version != sent)
                    {
                        sent = worker.Version;
                        assignment = worker.Role == WorkerRole.Actor && worker.Slots.Count == 0 ? new Assignment() : _work.Clone();
                        assignment.Slots.AddRange(worker.Slots.Order());
                    }
                }

                if (assignment is not null)
                {
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
                _workers.Remove(worker);
            }

            Assign();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _afterGrace.Dispose();

    private void Settle()
    {
        lock (_gate)
        {
            _settlesAt = DateTime.UtcNow + _grace;
        }

        Assign();
        _afterGrace.Change(_grace + TimeSpan.FromMilliseconds(10), Timeout.InfiniteTimeSpan);
    }

    private void Assign()
    {
        lock (_gate)
        {
            var actors = _workers.FindAll(worker => worker.Role == WorkerRole.Actor);
            var most = DateTime.UtcNow >= _settlesAt ? int.MaxValue : 1;
            var taken = actors.SelectMany(worker => worker.Slots).ToHashSet();
            for (uint slot = 0; slot < _slots; slot++)
            {
                if (!taken.Contains(slot)
                    && actors.Where(worker => worker.Slots.Count < Math.Min(worker.MaxSlots, most))
                        .MinBy(worker => worker.Slots.Count) is { } free)
                {
                    free.Slots.Add(slot);
                    free.Version++;
                }
            }

            foreach (var worker in _workers)
            {
                worker.Wake();
            }
        }
    }

    private sealed class Worker(string id, WorkerRole role, int maxSlots)
    {
        public string Id => id;

        public WorkerRole Role => role;

        public int MaxSlots => maxSlots;

        public HashSet<uint> Slots { get; } = [];

        /// <summary>The same worker has enlisted again.</summary>
        public bool IsReplaced { get; set; }

        /// <summary>Grows with every change of what this worker should do.</summary>
        public long Version { get; set; }

        public TaskCompletionSource Changed { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Wake()
        {
            var changed = Changed;
            Changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
        }
    }
}
