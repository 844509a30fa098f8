using Grpc.Core;
using Rapid.Learner.Checkpoints;

namespace Rapid.Learner.Runs;

/// <summary>What keeps a run from going on until somebody mends it: a service that refuses, a disk that is full. Everything else ends the
/// run.</summary>
internal static class RunObstacle
{
    /// <summary>What has to be mended, in words; null when the run cannot go on whatever is mended around it.</summary>
    public static string? Of(Exception error) => error switch
    {
        // Another learner has taken the run up: going on would take it away from that one again.
        RpcException { StatusCode: StatusCode.OutOfRange } => null,
        RpcException { StatusCode: StatusCode.Unauthenticated or StatusCode.PermissionDenied } refused =>
            $"the replay service refuses the token: {refused.Status.Detail}; set RAPID_TOKEN alike for both",
        OtherVersionException other => other.Message,
        RpcException refused => $"the replay service refuses: {refused.Status.Detail} ({refused.StatusCode})",
        _ => IsOfDisk(error) ? $"the run's folder cannot be written: {error.Message}" : null,
    };

    /// <summary>Whether a file could not be written, which may be mended: room is made, rights are given, a limit is raised.</summary>
    public static bool IsOfDisk(Exception error) => error is UnauthorizedAccessException
        || (error is IOException and not (FileNotFoundException or EndOfStreamException)) || IsTooLarge(error);

    /// <summary>Whether a file grew beyond what its file system or the process' limit (ulimit -f) allows, which is no IOException to the
    /// runtime.</summary>
    private static bool IsTooLarge(Exception error) =>
        error is ArgumentOutOfRangeException { TargetSite.DeclaringType.Namespace: { } thrower }
        && (thrower == "System.IO" || thrower.StartsWith("System.IO.", StringComparison.Ordinal));
}
