using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Net.Client;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests;

/// <summary>Subscribers that never read share the bytes of a snapshot.</summary>
public class UnreadSubscriptionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int Streams = 30, ParameterBytes = 8 << 20;

    [Fact]
    public async Task Snapshots_are_encoded_once_for_all_and_one_that_reads_gets_each()
    {
        await using var services = new LearnerAndReplay();
        await services.StartReplayAsync();
        await services.StartLearnerAsync();
        // The second waits for the first, which waits for actors, and so publishes nothing of its own.
        services.Registry.Submit(LearnerAndReplay.Spec(1));
        var record = services.Registry.Submit(LearnerAndReplay.Spec(2));
        var id = record.Directory.Id;
        var large = new PolicySnapshot
        {
            Experiment = id,
            Version = long.MaxValue - 1,
            Graph = new PolicyGraph { Elements = 3 },
            Parameters = ByteString.CopyFrom(new byte[ParameterBytes]),
        };
        record.Policies.Publish(large);

        // Its windows are those of the protocol: a client of the services takes all of such a message before it is read.
        using var channel = GrpcChannel.ForAddress("http://learner", new GrpcChannelOptions
        {
            MaxReceiveMessageSize = null,
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(services.Options.Learner.SocketPath!), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            },
        });
        var policies = new Protocol.V1.Policies.PoliciesClient(channel);
        var request = new SubscribeRequest { Experiment = id, NewerThan = long.MaxValue - 2 };
        using (var reading = policies.Subscribe(request))
        {
            Assert.True(await reading.ResponseStream.MoveNext(default).WaitAsync(Patience));
            Assert.Equal(large, reading.ResponseStream.Current);
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var calls = Enumerable.Range(0, Streams).Select(_ => policies.Subscribe(request)).ToArray();
        await Task.WhenAll(calls.Select(call => call.ResponseHeadersAsync));
        using (var reading = policies.Subscribe(request))
        {
            Assert.True(await reading.ResponseStream.MoveNext(default).WaitAsync(Patience));
            Assert.Equal(large, reading.ResponseStream.Current);
        }

        // Both ends are in this process, and a client takes some of a message before it is read.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Streams * ParameterBytes / 2);
        Array.ForEach(calls, call => call.Dispose());
    }
}
