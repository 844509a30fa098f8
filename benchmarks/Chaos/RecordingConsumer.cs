using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>Takes blocks out of a queue as a learner does, and ends its calls now and then, after which what it used is settled.</summary>
internal sealed class RecordingConsumer(Replay.ReplayClient client, string table, History history)
{
    private const int Ahead = 4, BlocksPerCall = 40;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private int _calls;

    /// <summary>Goes on until it is told to end, connecting again and again.</summary>
    /// <exception cref="InvalidDataException">A block is not what its producer sent.</exception>
    public async Task RunAsync(CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                using var call = client.Sample(cancellationToken: ended);
                await ConsumeAsync(call, ++_calls, ended);
            }
            catch (Exception error) when (error is RpcException or InvalidOperationException or IOException or OperationCanceledException)
            {
                // The service or the call is gone; what was not acknowledged comes again.
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    private async Task ConsumeAsync(AsyncDuplexStreamingCall<SampleRequest, SampleReply> call, int number, CancellationToken ended)
    {
        var used = new List<BlockName>();
        await call.RequestStream.WriteAsync(new SampleRequest { Table = table, Credits = Ahead }, ended);
        await call.ResponseStream.MoveNext(ended);
        for (var credits = Ahead; used.Count < BlocksPerCall && await call.ResponseStream.MoveNext(ended);)
        {
            var (item, block) = Read(call.ResponseStream.Current);
            history.Deliver(block, number);
            used.Add(block);
            // The last of a call get no successors: what nobody wants must not be on its way when it ends.
            var more = credits < BlocksPerCall ? 1u : 0;
            credits += (int)more;
            await call.RequestStream.WriteAsync(new SampleRequest { Credits = more, Acknowledged = { item.Id } }, ended);
        }

        await call.RequestStream.CompleteAsync();
        while (await call.ResponseStream.MoveNext(ended))
        {
            history.Deliver(Read(call.ResponseStream.Current).Block, number);
        }

        if (call.GetStatus().StatusCode == StatusCode.OK)
        {
            history.Settle(used);
        }
    }

    private static (SampledItem Item, BlockName Block) Read(SampleReply reply)
    {
        var (item, content) = (reply.Item, reply.Item.Trajectory);
        return content.Equals(RecordingProducer.Block(content.Producer, content.Sequence))
            ? (item, new BlockName(content.Producer, content.Sequence))
            : throw new InvalidDataException($"block {content.Sequence} of {content.Producer} has a content that its producer never sent");
    }
}
