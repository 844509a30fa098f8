namespace Rapid.Hosting;

/// <summary>Wakes those who wait until a state that a lock guards is another one. Both members are used under that lock.</summary>
public sealed class ChangeSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the next change.</summary>
    public Task Next => _next.Task;

    /// <summary>Tells all who wait. What they do then does not run here, under the lock.</summary>
    public void Raise()
    {
        _next.SetResult();
        _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
