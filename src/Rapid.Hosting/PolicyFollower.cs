using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Policies;
using Rapid.Protocol.V1;

namespace Rapid.Hosting;

/// <summary>Follows the policy stream of one experiment and holds the newest snapshot; reconnects for ever.</summary>
public sealed class PolicyFollower : IAsyncDisposable
{
    // In a row; then parameters come through the connection.
    private const int MostFailedReads = 3;

    private readonly CancellationTokenSource _stop = new();
    private readonly PolicyLayout? _layout;
    private readonly ILogger _logger;
    private readonly Task _following;
    private readonly Lock _gate = new();
    private readonly ChangeSignal _changes = new();
    private PolicySnapshot? _newest;
    private int _failedReads;

    /// <param name="learner">The learner.</param>
    /// <param name="experiment">Whose policies.</param>
    /// <param name="evaluationsOnly">Only snapshots that ask for an evaluation.</param>
    /// <param name="logger">Hears of a learner that is away and of snapshots that are refused.</param>
    /// <param name="layout">What snapshots must fit: others are refused, the one before stays the newest. Null when the reader
    /// checks.</param>
    public PolicyFollower(
        Protocol.V1.Policies.PoliciesClient learner, string experiment, bool evaluationsOnly, ILogger logger, PolicyLayout? layout = null)
    {
        (_logger, _layout) = (logger, layout);
        _following = Task.Run(() => FollowAsync(learner, experiment, evaluationsOnly));
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

                changed = _changes.Next;
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

    private async Task FollowAsync(Protocol.V1.Policies.PoliciesClient learner, string experiment, bool evaluationsOnly)
    {
        try
        {
            await Resilience.Forever("following policies", _logger).ExecuteAsync(
                async token =>
                {
                    using var probe = _failedReads < MostFailedReads ? SharedMemoryProbe.Create() : null;
                    var request = new SubscribeRequest
                    {
                        Experiment = experiment,
                        NewerThan = _newest?.Version ?? 0,
                        EvaluationsOnly = evaluationsOnly,
                        SharedMemoryProbe = probe?.Name ?? "",
                    };
                    using var call = learner.Subscribe(request, cancellationToken: token);
                    await foreach (var snapshot in call.ResponseStream.ReadAllAsync(token))
                    {
                        probe?.Dispose();
                        ReadIn(snapshot);
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
            _logger.LogWarning("no policies for {Experiment}: {Message}", experiment, error.Status.Detail);
        }
    }

    /// <exception cref="RpcException">UNAVAILABLE: the parameters are not in shared memory, or no longer; subscribing again
    /// helps.</exception>
    private void ReadIn(PolicySnapshot snapshot)
    {
        try
        {
            SharedMemory.ReadIn(snapshot);
            _failedReads = 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _failedReads++;
            throw new RpcException(new Status(
                StatusCode.Unavailable, $"version {snapshot.Version} could not be read: {error.Message}", error));
        }
    }

    private void Take(PolicySnapshot snapshot)
    {
        if (_layout?.Problem(snapshot) is { } problem)
        {
            _logger.LogError("a snapshot of {Experiment} is refused: {Problem}", snapshot.Experiment, problem);
            return;
        }

        lock (_gate)
        {
            // A learner that comes back may not know yet how far it was.
            if (_newest is not null && snapshot.Version <= _newest.Version)
            {
                return;
            }

            _newest = snapshot;
            _changes.Raise();
        }
    }
}
