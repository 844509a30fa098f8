using Rapid.Protocol.V1;

namespace Rapid.Hosting;

/// <summary>Enlistments with the learners that another learner knows, as long as it knows them.</summary>
/// <param name="enlist">Keeps the worker enlisted with one, until it is cancelled.</param>
internal sealed class OtherEnlistments(Func<ServiceAddress, CancellationToken, Task> enlist) : IAsyncDisposable
{
    private readonly Dictionary<string, (CancellationTokenSource Stop, Task Running)> _enlisted = [];

    /// <summary>Hands assignments on, and enlists with whom they name.</summary>
    public async IAsyncEnumerable<Assignment> FollowAsync(IAsyncEnumerable<Assignment> assignments)
    {
        await foreach (var assignment in assignments)
        {
            foreach (var gone in _enlisted.Keys.Except(assignment.OtherLearners).ToArray())
            {
                await LeaveAsync(gone);
            }

            foreach (var learner in assignment.OtherLearners.Except(_enlisted.Keys))
            {
                if (ServiceAddress.TryParse(learner, out var address))
                {
                    var stop = new CancellationTokenSource();
                    _enlisted[learner] = (stop, Task.Run(() => enlist(address, stop.Token)));
                }
            }

            yield return assignment;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (stop, _) in _enlisted.Values)
        {
            await stop.CancelAsync();
        }

        foreach (var learner in _enlisted.Keys.ToArray())
        {
            await LeaveAsync(learner);
        }
    }

    private async Task LeaveAsync(string learner)
    {
        _enlisted.Remove(learner, out var enlistment);
        await enlistment.Stop.CancelAsync();
        await enlistment.Running;
        enlistment.Stop.Dispose();
    }
}
