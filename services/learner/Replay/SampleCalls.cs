using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>Answers of a call that samples, with refusals and its end as errors.</summary>
internal static class SampleCalls
{
    /// <summary>Sends the first message.</summary>
    /// <returns>What the table is like.</returns>
    /// <exception cref="RpcException">The service refuses, or has ended the call.</exception>
    public static async Task<TableInfo> OpenAsync(
        this AsyncDuplexStreamingCall<SampleRequest, SampleReply> call, SampleRequest first, CancellationToken cancellation)
    {
        await call.RequestStream.WriteAsync(first, cancellation);
        return (await call.ReadAsync(cancellation)).Opened;
    }

    /// <summary>The next answer.</summary>
    /// <exception cref="RpcException">The service refuses, or has ended the call.</exception>
    public static async Task<SampleReply> ReadAsync(
        this AsyncDuplexStreamingCall<SampleRequest, SampleReply> call, CancellationToken cancellation)
    {
        var reply = await call.ResponseStream.MoveNext(cancellation) ? call.ResponseStream.Current : null;
        return reply switch
        {
            null => throw new RpcException(new Status(StatusCode.Unavailable, "the replay service ended the call")),
            { Refused: { } refused } => throw new RpcException(new Status((StatusCode)refused.Code, refused.Message)),
            _ => reply,
        };
    }
}
