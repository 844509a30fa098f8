using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Policies;

/// <summary>Follows the policy stream of one experiment and holds the newest snapshot; reconnects for ever.</summary>
public sealed class PolicyFollower : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _following;
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PolicySnapshot? _newest;

    /// <param name="learner">Channel to the learner; stays the caller's.</param>
    /// <param name="experiment">Whose policies.</param>
    /// <param name="evaluationsOnly">Only snapshots that ask for an evaluation.</param>
    /// <param name="logger">Hears of a learner that is away.</param>
    public PolicyFollower(GrpcChannel learner, string experiment, bool evaluationsOnly, ILogger logger)
    {
        var client = new Protocol.V1.Policies.PoliciesClient(learner);
        _following = Task.Run(() => FollowAsync(client, experiment, evaluationsOnly, logger));
    }

    /// <summary>The newest snapshot, once there is one newer than this version.</summary>
    public async Task<PolicySnapshot> WaitAsync(long newerThan, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_newest is not null && _newest.Version > newerThan)
                {
                    return _newest;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        _stop.Dispose();
    }

    private async Task FollowAsync(Protocol.V1.Policies.PoliciesClient client, string experiment, bool evaluationsOnly, ILogger logger)
    {
        try
        {
            await Resilience.Forever("following policies", logger).ExecuteAsync(
                async token =>
                {
                    var request = new SubscribeRequest { Experiment = experiment, NewerThan = _newest?.Version ?? 0, EvaluationsOnly = evaluationsOnly };
                    using var call = client.Subscribe(request, cancellationToken: token);
                    await foreach (var snapshot in call.ResponseStream.ReadAllAsync(token))
                    {
                        Take(snapshot);
                    }

                    throw new RpcException(new Status(StatusCode.Unavailable, "the learner ended the subscription"));
                },
                _stop.Token);
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
        catch (RpcException error)
        {
            // The experiment is unknown to the learner: the assignment that follows says what to do instead.
            logger.LogWarning("no policies for {Experiment}: {Message}", experiment, error.Status.Detail);
        }
    }

    private void Take(PolicySnapshot snapshot)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _newest = snapshot;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
