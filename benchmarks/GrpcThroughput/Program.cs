// A client stream of 256 KiB messages over a unix socket, against the same bytes as one bare HTTP/2 request body
// through the same server and the same client. Usage: GrpcThroughput [rounds] [messages per round].
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Benchmarks;

const int MessageSize = 256 * 1024;
var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 15;
var messages = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 800;
var directory = Directory.CreateTempSubdirectory("grpc-throughput-");
var path = Path.Combine(directory.FullName, "s");

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.Services.AddGrpc();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path, listen => listen.Protocols = HttpProtocols.Http2));
await using var app = builder.Build();
app.MapGrpcService<ThroughputService>();
app.MapPost("/bare", ReceiveAsync);
await app.StartAsync();

using var handler = new SocketsHttpHandler
{
    ConnectCallback = async (_, cancellation) =>
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    },
};
using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler });
using var http = new HttpClient(handler, disposeHandler: false);
var client = new Throughput.ThroughputClient(channel);
var payload = new byte[MessageSize];
new Random(1).NextBytes(payload);
var block = new Block { Data = UnsafeByteOperations.UnsafeWrap(payload) };

List<double> grpc = [], bare = [];
for (var round = -3; round < rounds; round++)
{
    // The order changes, so that neither side always pays for what the other left behind.
    var (first, second) = round % 2 == 0 ? (await RateAsync(GrpcAsync), await RateAsync(BareAsync)) : Swap(await RateAsync(BareAsync), await RateAsync(GrpcAsync));
    if (round >= 0)
    {
        grpc.Add(first);
        bare.Add(second);
    }
}

Console.WriteLine($"grpc   {Median(grpc):F0} MB/s");
Console.WriteLine($"bare   {Median(bare):F0} MB/s");
Console.WriteLine($"ratio  {Median([.. grpc.Zip(bare, (g, b) => g / b)]):F2} (median of {rounds} rounds of {messages} messages)");
await app.StopAsync();
directory.Delete(recursive: true);

static (double First, double Second) Swap(double first, double second) => (second, first);

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

async Task<double> RateAsync(Func<Task<long>> run)
{
    var watch = Stopwatch.StartNew();
    var received = await run();
    var seconds = watch.Elapsed.TotalSeconds;
    return received == (long)messages * MessageSize ? received / 1e6 / seconds : throw new InvalidOperationException($"{received} bytes arrived");
}

async Task<long> GrpcAsync()
{
    using var call = client.Upload();
    for (var i = 0; i < messages; i++)
    {
        await call.RequestStream.WriteAsync(block);
    }

    await call.RequestStream.CompleteAsync();
    return (await call).Bytes;
}

async Task<long> BareAsync()
{
    using var request = new HttpRequestMessage(HttpMethod.Post, "http://localhost/bare")
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new RepeatedContent(payload, messages),
    };
    using var response = await http.SendAsync(request);
    response.EnsureSuccessStatusCode();
    return long.Parse(await response.Content.ReadAsStringAsync(), CultureInfo.InvariantCulture);
}

static async Task ReceiveAsync(HttpContext context)
{
    context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
    var reader = context.Request.BodyReader;
    long bytes = 0;
    while (true)
    {
        var result = await reader.ReadAsync(context.RequestAborted);
        bytes += result.Buffer.Length;
        reader.AdvanceTo(result.Buffer.End);
        if (result.IsCompleted)
        {
            break;
        }
    }

    await context.Response.WriteAsync(bytes.ToString(CultureInfo.InvariantCulture), context.RequestAborted);
}

internal sealed class ThroughputService : Throughput.ThroughputBase
{
    public override async Task<Receipt> Upload(IAsyncStreamReader<Block> requestStream, ServerCallContext context)
    {
        var receipt = new Receipt();
        await foreach (var block in requestStream.ReadAllAsync(context.CancellationToken))
        {
            receipt.Bytes += block.Data.Length;
        }

        return receipt;
    }
}

internal sealed class RepeatedContent(byte[] payload, int count) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (var i = 0; i < count; i++)
        {
            await stream.WriteAsync(payload);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }
}
