using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Policies;

/// <summary>Keeps a worker enlisted with the learner for as long as it lives.</summary>
public static class Enlistment
{
    /// <summary>Enlists, hands the stream of assignments to <paramref name="work"/>, and enlists again whenever the call breaks.</summary>
    /// <param name="learner">The learner.</param>
    /// <param name="request">Who enlists.</param>
    /// <param name="logger">Hears of a learner that is away.</param>
    /// <param name="work">Does what it is told until the assignments end, and has stopped everything when it returns.</param>
    /// <param name="stopping">Ends it all.</param>
    public static async Task FollowAsync(
        Assignments.AssignmentsClient learner, EnlistRequest request, ILogger logger, Func<IAsyncEnumerable<Assignment>, Task> work,
        CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(work);
        try
        {
            await Resilience.Forever("enlisting with the learner", logger).ExecuteAsync(
                async token =>
                {
                    using var call = learner.Enlist(request, cancellationToken: token);
                    await work(call.ResponseStream.ReadAllAsync(token));
                    throw new RpcException(new Status(StatusCode.Unavailable, "the learner ended the enlistment"));
                },
                stopping);
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The service stops.
        }
    }
}
