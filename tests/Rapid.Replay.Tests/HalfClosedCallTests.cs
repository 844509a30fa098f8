using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>A client that has said all that it has to say when the call begins hears every reply, and how the call ended.</summary>
public sealed class HalfClosedCallTests
{
    private const int Prefix = 5, Rounds = 50;

    [Theory]
    [InlineData(0, "a/t")]
    [InlineData(1, "a/t")]
    [InlineData(5, "a/t")]
    [InlineData(1, "a/unknown")]
    [InlineData(5, "a/unknown")]
    public async Task Appends_that_are_answered_at_once_end_with_a_status(int requests, string table)
    {
        await using var service = await ReplayProcess.StartAsync();
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", capacity: 1_000_000) });
        using var client = Open(service);
        ulong sequence = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var messages = Enumerable.Range(0, requests)
                .Select(_ => new AppendRequest { Table = table, Trajectory = Blocks.Make("p", ++sequence) }.ToByteArray());
            using var request = new HttpRequestMessage(HttpMethod.Post, "http://replay/rapid.v1.Replay/Append")
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent([.. messages.SelectMany(Frame)]),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
            using var response = await client.SendAsync(request);
            var replies = Messages(await response.Content.ReadAsByteArrayAsync()).Select(AppendReply.Parser.ParseFrom).ToArray();

            // An answer without messages may be one frame of headers, with the status among them.
            IEnumerable<KeyValuePair<string, IEnumerable<string>>> ending =
                replies.Length > 0 ? response.TrailingHeaders : response.TrailingHeaders.Concat(response.Headers);
            Assert.Equal("0", Assert.Single(ending.Where(header => header.Key == "grpc-status").SelectMany(header => header.Value)));
            Assert.Equal(
                Enumerable.Range(1, requests).Select(i => sequence - (ulong)(requests - i)), replies.Select(reply => reply.Sequence));
        }
    }

    private static HttpClient Open(ReplayProcess service) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(service.Address.SocketPath!), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[Prefix + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, Prefix);
        return frame;
    }

    private static IEnumerable<byte[]> Messages(byte[] body)
    {
        for (var at = 0; at < body.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(at + 1));
            yield return body[(at + Prefix)..(at + Prefix + length)];
            at += Prefix + length;
        }
    }
}
