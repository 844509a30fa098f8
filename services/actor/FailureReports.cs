using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Tells the learner of slots that fail: a run whose slots all do cannot go on.</summary>
internal static class FailureReports
{
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(5);

    /// <summary>Reports a slot. A learner that is away hears of it the next time.</summary>
    /// <param name="learner">The learner.</param>
    /// <param name="work">What the slot is part of.</param>
    /// <param name="slot">Which slot.</param>
    /// <param name="failures">In a row.</param>
    /// <param name="reason">What happened.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task SendAsync(
        Assignments.AssignmentsClient learner, Assignment work, uint slot, int failures, string reason, CancellationToken cancellation)
    {
        var report = new SlotFailure
        {
            Experiment = work.Experiment,
            Epoch = work.Epoch,
            Slot = slot,
            Failures = (uint)failures,
            Reason = reason,
        };
        try
        {
            await learner.ReportFailureAsync(report, deadline: DateTime.UtcNow + CallTime, cancellationToken: cancellation);
        }
        catch (RpcException)
        {
            // This process has said it in its log.
        }
    }
}
