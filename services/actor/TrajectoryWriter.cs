using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Polly;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Appends blocks to a table and waits for the acknowledgement; what a broken connection left open is sent again, and the service
/// recognises it.</summary>
internal sealed class TrajectoryWriter(GrpcChannel channel, string table, ILogger logger, ulong epoch = 0) : IDisposable
{
    // What is wrong with one block is usually wrong with the next.
    private static readonly TimeSpan RefusalPause = TimeSpan.FromSeconds(1);

    private readonly Protocol.V1.Replay.ReplayClient _client = new(channel);
    private readonly ResiliencePipeline _retry = Resilience.Forever("appending trajectories", logger);
    private AsyncDuplexStreamingCall<AppendRequest, AppendReply>? _call;

    /// <summary>
    /// Returns when the block is stored and the table has room for another, or when the service refused the block for good.
    /// </summary>
    public async Task AppendAsync(Trajectory block, CancellationToken cancellation)
    {
        var request = new AppendRequest { Table = table, Epoch = epoch, Trajectory = block };
        var reply = await _retry.ExecuteAsync(async token => await SendAsync(request, token), cancellation);
        if (reply.Code != (int)StatusCode.OK)
        {
            logger.LogError(
                "block {Sequence} of {Producer} was refused and is dropped: {Message}", reply.Sequence, reply.Producer, reply.Message);
            await Task.Delay(RefusalPause, cancellation);
        }
    }

    public void Dispose() => _call?.Dispose();

    private async Task<AppendReply> SendAsync(AppendRequest request, CancellationToken cancellation)
    {
        try
        {
            _call ??= _client.Append(cancellationToken: CancellationToken.None);
            await _call.RequestStream.WriteAsync(request, cancellation);
            if (!await _call.ResponseStream.MoveNext(cancellation))
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "the replay service ended the call"));
            }

            var reply = _call.ResponseStream.Current;

            // After a restart of the replay service the learner makes the table again; memory that is full becomes free.
            return (StatusCode)reply.Code is StatusCode.NotFound or StatusCode.ResourceExhausted
                ? throw new RpcException(new Status(StatusCode.Unavailable, reply.Message))
                : reply;
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error))
        {
            // Also when the caller gives up, which is a status here: the reply to this block must not be taken for the next one's.
            _call?.Dispose();
            _call = null;
            cancellation.ThrowIfCancellationRequested();
            throw Resilience.ToStatus(error);
        }
    }
}
