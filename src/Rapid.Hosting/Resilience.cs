using Grpc.Core;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace Rapid.Hosting;

/// <summary>How clients deal with services that are away: they wait and try again, with growing and random pauses.</summary>
/// <remarks>
/// Not pipelines that are registered by name: each says in its log what is tried, with the logger of whoever tries, and most of them belong
/// to the tables and streams of one run, which no provider makes.
/// </remarks>
public static class Resilience
{
    /// <summary>Tries until it succeeds or is cancelled: for streams that carry the work.</summary>
    /// <param name="what">What is tried, for the log: "following policies".</param>
    /// <param name="logger">Hears of the first failure and of every tenth after it.</param>
    public static ResiliencePipeline Forever(string what, ILogger logger) => new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = arguments => ValueTask.FromResult(
                arguments.Outcome.Exception is { } error && IsTransient(error)
                && !arguments.Context.CancellationToken.IsCancellationRequested),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(50),
            // A learner that was killed is back in two or three seconds: nobody should be found in a longer sleep.
            MaxDelay = TimeSpan.FromSeconds(1),
            OnRetry = arguments =>
            {
                if (arguments.AttemptNumber % 10 == 0)
                {
                    logger.LogWarning("{What} failed, trying again: {Message}", what, arguments.Outcome.Exception?.Message);
                }

                return ValueTask.CompletedTask;
            },
        })
        .Build();

    /// <summary>Whether a failure may go away by itself.</summary>
    public static bool IsTransient(Exception error) => error is IOException or RpcException
    {
        StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Aborted
            or StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown
    };

    /// <summary>
    /// Whether a call on which this was thrown is of no more use. Reading reports a broken connection as a status; writing reports it in the
    /// transport's words, as an invalid operation when the service has ended the call, or as a cancellation.
    /// </summary>
    public static bool IsBrokenCall(Exception error) =>
        error is RpcException or IOException or InvalidOperationException or OperationCanceledException;

    /// <summary>The status that a broken call ended with: UNAVAILABLE when it has none of its own, because a new call may help.</summary>
    public static RpcException ToStatus(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error as RpcException ?? new RpcException(new Status(StatusCode.Unavailable, error.Message, error));
    }
}
