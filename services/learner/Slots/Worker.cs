using Rapid.Protocol.V1;

namespace Rapid.Learner.Slots;

/// <summary>An enlisted actor or evaluator.</summary>
/// <param name="id">Of one life of one process.</param>
/// <param name="role">What it is.</param>
/// <param name="maxSlots">Of an actor: most slots that it fills.</param>
/// <param name="number">Those that came earlier have lower ones.</param>
internal sealed class Worker(string id, WorkerRole role, int maxSlots, long number)
{
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id => id;

    public WorkerRole Role => role;

    public int MaxSlots => maxSlots;

    public long Number => number;

    /// <summary>The work that an actor's slots are of.</summary>
    public SlotWork? Work { get; set; }

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
