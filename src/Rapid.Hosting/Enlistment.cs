using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Rapid.Protocol.V1;

namespace Rapid.Hosting;

/// <summary>
/// Keeps a worker enlisted with learners for as long as it lives. Where several share a queue, one of them may send an actor on to another;
/// an evaluator is needed by all of them, enlists with the one that it finds, and hears from it of the others.
/// </summary>
public static class Enlistment
{
    /// <summary>
    /// Enlists with the first learner that answers, hands its assignments to <paramref name="work"/>, goes on to where it is sent, and
    /// begins again with the next of the learners whenever the call breaks.
    /// </summary>
    /// <param name="learners">Where learners are.</param>
    /// <param name="options">How they are reached.</param>
    /// <param name="request">Who enlists.</param>
    /// <param name="logger">Hears of learners that are away.</param>
    /// <param name="work">Does what it is told by the learner at a channel until the assignments end, and has stopped everything when it
    /// returns.</param>
    /// <param name="stopping">Ends it all.</param>
    public static async Task FollowAsync(
        IReadOnlyList<ServiceAddress> learners, ServiceOptions options, EnlistRequest request, ILogger logger,
        Func<GrpcChannel, IAsyncEnumerable<Assignment>, Task> work, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(learners);
        ArgumentNullException.ThrowIfNull(work);
        var next = 0;
        try
        {
            await Resilience.Forever("enlisting with the learner", logger).ExecuteAsync(
                async token =>
                {
                    for (var learner = learners[next++ % learners.Count]; ;)
                    {
                        learner = await EnlistAsync(learner, options, request, work, token)
                            ?? throw new RpcException(new Status(StatusCode.Unavailable, "the learner ended the enlistment"));
                        logger.LogInformation("sent on to the learner at {Learner}", learner);
                    }
                },
                stopping);
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>As <see cref="FollowAsync"/>, and at the same time with all learners that the one in question knows.</summary>
    /// <param name="options">Where learners are, and how they are reached.</param>
    /// <param name="request">Who enlists.</param>
    /// <param name="logger">Hears of learners that are away.</param>
    /// <param name="work">As there; for each learner.</param>
    /// <param name="stopping">Ends it all.</param>
    public static Task FollowAllAsync(
        ServiceOptions options, EnlistRequest request, ILogger logger, Func<GrpcChannel, IAsyncEnumerable<Assignment>, Task> work,
        CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(options);
        return FollowAsync(
            options.Learners, options, request, logger,
            async (channel, assignments) =>
            {
                await using var others = new OtherEnlistments(
                    (learner, stop) => FollowAsync([learner], options, request, logger, work, stop));
                await work(channel, others.FollowAsync(assignments));
            },
            stopping);
    }

    /// <returns>Where the learner sends the worker; null: nowhere, the call has ended.</returns>
    private static async Task<ServiceAddress?> EnlistAsync(
        ServiceAddress learner, ServiceOptions options, EnlistRequest request, Func<GrpcChannel, IAsyncEnumerable<Assignment>, Task> work,
        CancellationToken cancellation)
    {
        using var channel = Channels.Open(learner, options);
        using var call = new Assignments.AssignmentsClient(channel).Enlist(request, cancellationToken: cancellation);
        ServiceAddress? sentTo = null;
        await work(channel, HereAsync(cancellation));
        return sentTo;

        async IAsyncEnumerable<Assignment> HereAsync([EnumeratorCancellation] CancellationToken ended)
        {
            await foreach (var assignment in call.ResponseStream.ReadAllAsync(ended))
            {
                if (ServiceAddress.TryParse(assignment.MovedTo, out sentTo))
                {
                    yield break;
                }

                yield return assignment;
            }
        }
    }
}
