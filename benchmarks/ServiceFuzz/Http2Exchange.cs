using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Rapid.Benchmarks;

/// <summary>The bytes that a client sends on a connection, as frames (RFC 9113) that can be changed one by one.</summary>
internal static class Http2Exchange
{
    private const byte Data = 0, Headers = 1, Priority = 2, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8,
        Continuation = 9;
    private const byte EndStream = 1, EndHeaders = 4;
    private const int MostFrames = 200;
    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>A connection with one to three calls, some of its frames or bytes changed.</summary>
    /// <param name="paths">Methods of the service.</param>
    /// <param name="random">Says what changes.</param>
    public static byte[] Make(IReadOnlyList<string> paths, Random random)
    {
        List<byte[]> frames = [Frame(Settings, 0, 0, [])];
        for (var call = 0; call <= random.Next(3); call++)
        {
            var stream = 1 + 2 * call;
            var path = paths[random.Next(paths.Count)];
            frames.Add(Frame(Headers, EndHeaders, stream, HeaderBlock(path, random)));
            var message = MessageMutator.Mutate(Corpus.Draw(Corpus.InputOf(path), random), random);
            frames.Add(Frame(Data, random.Next(8) == 0 ? (byte)0 : EndStream, stream, Envelope(message, random)));
        }

        for (var i = random.Next(4); i > 0; i--)
        {
            MutateFrames(frames, random);
        }

        var bytes = (random.Next(32) == 0 ? [] : Preface).Concat(frames.SelectMany(frame => frame)).ToArray();
        return random.Next(4) == 0 ? MessageMutator.MutateBytes(bytes, random) : bytes;
    }

    private static void MutateFrames(List<byte[]> frames, Random random)
    {
        var at = random.Next(frames.Count);
        switch (random.Next(8))
        {
            case 0:
                frames.RemoveAt(at);
                if (frames.Count == 0)
                {
                    frames.Add(Random(random));
                }

                break;
            case 1:
                frames.InsertRange(at, Enumerable.Repeat(frames[at], random.Next(1, 4)));
                break;
            case 2:
                frames[at] = MessageMutator.MutateBytes(frames[at], random);
                break;
            case 3:
                (frames[at], frames[0]) = (frames[0], frames[at]);
                break;
            case 4 when random.Next(4) == 0:
                // A flood of small frames of one kind.
                var flood = Random(random);
                frames.InsertRange(at, Enumerable.Repeat(flood, random.Next(MostFrames)));
                break;
            case 5 when frames[at].Length > 9:
                // The length says something else than what follows.
                frames[at] = [.. frames[at]];
                frames[at][2] = (byte)random.Next(256);
                break;
            default:
                frames.Insert(at, Random(random));
                break;
        }
    }

    private static byte[] Random(Random random)
    {
        byte[] types = [Data, Headers, Priority, Reset, Settings, Ping, GoAway, WindowUpdate, Continuation, 5, 10, 255];
        var type = types[random.Next(types.Length)];
        var size = type switch
        {
            Priority => 5,
            Reset or WindowUpdate => 4,
            Ping => 8,
            Settings => 6 * random.Next(4),
            _ => random.Next(40),
        };
        var payload = new byte[random.Next(6) == 0 ? random.Next(64) : size];
        random.NextBytes(payload);
        return Frame(type, (byte)random.Next(256), random.Next(4) == 0 ? random.Next() : random.Next(8), payload);
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        const int Head = 9;
        var frame = new byte[Head + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(0, 4), payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, Head);
        return frame;
    }

    /// <summary>Literal fields without indexing (RFC 7541, 6.2.2).</summary>
    private static byte[] HeaderBlock(string path, Random random)
    {
        List<(string Name, string Value)> fields =
        [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("content-type", "application/grpc"),
            ("te", "trailers"),
        ];
        switch (random.Next(8))
        {
            case 0:
                fields.Add(("grpc-encoding", random.Next(2) == 0 ? "gzip" : "x"));
                break;
            case 1:
                fields.Add(("grpc-timeout", random.Next(2) == 0 ? "1n" : "99999999H"));
                break;
            case 2:
                fields.Add(("x-long", new string('z', random.Next(20_000))));
                break;
            case 3:
                fields[random.Next(fields.Count)] = ("content-length", "-1");
                break;
            default:
                break;
        }

        using var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0);
            WriteText(block, name);
            WriteText(block, value);
        }

        return block.ToArray();
    }

    private static void WriteText(Stream block, string text)
    {
        const int Most = 127; // in a prefix of seven bits
        var bytes = Encoding.ASCII.GetBytes(text);
        var rest = bytes.Length - Most;
        block.WriteByte((byte)Math.Min(bytes.Length, Most));
        if (rest >= 0)
        {
            for (; rest >= 128; rest >>= 7)
            {
                block.WriteByte((byte)(rest & 127 | 128));
            }

            block.WriteByte((byte)rest);
        }

        block.Write(bytes);
    }

    /// <summary>gRPC's five bytes in front of a message, true or not, and at times gzip.</summary>
    private static byte[] Envelope(byte[] message, Random random)
    {
        var isCompressed = random.Next(6) == 0;
        if (isCompressed)
        {
            using var compressed = new MemoryStream();
            using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            {
                gzip.Write(message);
            }

            message = random.Next(2) == 0 ? compressed.ToArray() : MessageMutator.MutateBytes(compressed.ToArray(), random);
        }

        var data = new byte[5 + message.Length];
        data[0] = (byte)(isCompressed ? 1 : random.Next(16) == 0 ? random.Next(256) : 0);
        var length = random.Next(16) == 0 ? random.Next(int.MinValue, int.MaxValue) : message.Length;
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(1), length);
        message.CopyTo(data, 5);
        return data;
    }
}
