using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Polly;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>
/// Appends blocks that the learner has received to another table, under the names that their actors gave them: one that comes again after a
/// crash of either side is recognised, so that every block is there exactly once.
/// </summary>
/// <param name="channel">To the replay service; stays the caller's.</param>
/// <param name="table">Where blocks go.</param>
/// <param name="logger">Hears of a replay service that is away.</param>
public sealed class BlockAppender(GrpcChannel channel, TableDefinition table, ILogger logger) : IDisposable
{
    private readonly Protocol.V1.Replay.ReplayClient _client = new(channel);
    private readonly ResiliencePipeline _retry = Resilience.Forever("appending to the replay table", logger);
    private AsyncDuplexStreamingCall<AppendRequest, AppendReply>? _call;

    /// <summary>Returns when every block is stored, once, in this order.</summary>
    /// <exception cref="RpcException">The table refuses a block.</exception>
    public async Task AppendAsync(IEnumerable<Trajectory> blocks, CancellationToken cancellation)
    {
        foreach (var block in blocks)
        {
            var request = new AppendRequest { Table = table.Name, Epoch = table.Epoch, Trajectory = block };
            var reply = await _retry.ExecuteAsync(async token => await SendAsync(request, token), cancellation);
            if (reply.Code != (int)StatusCode.OK)
            {
                throw new RpcException(new Status((StatusCode)reply.Code, reply.Message));
            }
        }
    }

    /// <inheritdoc/>
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
            if (reply.Code == (int)StatusCode.NotFound)
            {
                await _client.CreateTableAsync(new CreateTableRequest { Definition = table }, cancellationToken: cancellation);
            }

            return (StatusCode)reply.Code is StatusCode.NotFound or StatusCode.ResourceExhausted
                ? throw new RpcException(new Status(StatusCode.Unavailable, reply.Message))
                : reply;
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error))
        {
            // Also after a cancellation: the reply to this block must not be taken for the next one's.
            _call?.Dispose();
            _call = null;
            cancellation.ThrowIfCancellationRequested();
            throw Resilience.ToStatus(error);
        }
    }
}
