using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Rapid.Hosting.Tests;

/// <summary>What a caller sends whom the service does not serve costs it no memory.</summary>
public class RefusedBodyTests
{
    private const string Token = "correct-horse";
    private const long MostGrowth = 10 << 20;

    [Fact]
    public async Task Bodies_of_callers_without_the_token_are_not_read()
    {
        using var folder = new TestFolder();
        var address = $"unix:{folder.At("s")}";
        await using var service = new ServiceProcess(folder.Path, ("RAPID_LISTEN", address), ("RAPID_TOKEN", Token));
        using var channel = await ServiceProcess.ConnectAsync(address, Token);
        using var client = new BareClient(folder.At("s"));
        // The first call of a kind loads what all of them share.
        await client.CallAsync("wrong", GzipBomb.Message(1 << 20));
        var before = service.WorkingSet;

        var bomb = GzipBomb.Message(256 << 20);
        for (var call = 0; call < 4; call++)
        {
            Assert.Equal("16", (await client.CallAsync("wrong", bomb)).Status);
        }

        using var endless = new EndlessBody();
        var refusal = await client.CallAsync("wrong", endless);

        Assert.Equal(("16", "this service asks for the token that RAPID_TOKEN holds"), (refusal.Status, refusal.Message));
        // The service resets the stream, or the body would go on for ever.
        await endless.Ended;
        Assert.InRange(service.WorkingSet - before, long.MinValue, MostGrowth);
        Assert.True(await Health.IsServingAsync(channel));
    }

    [Fact]
    public async Task A_message_that_inflates_beyond_the_limit_is_refused_before_it_is_inflated()
    {
        using var folder = new TestFolder();
        var address = $"unix:{folder.At("s")}";
        await using var service = new ServiceProcess(
            folder.Path, ("RAPID_LISTEN", address), ("RAPID_TOKEN", Token), ("RAPID_MAX_MESSAGE", "1048576"));
        using var channel = await ServiceProcess.ConnectAsync(address, Token);
        using var client = new BareClient(folder.At("s"));
        Assert.Equal("0", (await client.CallAsync(Token, GzipBomb.Message(512 << 10))).Status);
        var before = service.WorkingSet;

        var bomb = GzipBomb.Message(256 << 20);
        for (var call = 0; call < 4; call++)
        {
            Assert.Equal("8", (await client.CallAsync(Token, bomb)).Status);
        }

        Assert.InRange(service.WorkingSet - before, long.MinValue, MostGrowth);
        Assert.True(await Health.IsServingAsync(channel));
    }

    /// <summary>Makes calls of Echo.Unary that gRPC's own client would not make.</summary>
    private sealed class BareClient(string socketPath) : IDisposable
    {
        private readonly HttpClient _http = new(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });

        public Task<(string Status, string Message)> CallAsync(string token, byte[] message) =>
            CallAsync(token, new ByteArrayContent(message));

        public async Task<(string Status, string Message)> CallAsync(string token, HttpContent body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "http://localhost/rapid.hosting.tests.Echo/Unary")
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = body,
            };
            body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            request.Headers.Add("grpc-encoding", "gzip");
            request.Headers.Add("te", "trailers");
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            await response.Content.CopyToAsync(Stream.Null);
            // An error before any message is in the headers of the response, one after it in its trailers.
            return (Value("grpc-status"), Value("grpc-message"));

            string Value(string name) =>
                response.Headers.TryGetValues(name, out var values) || response.TrailingHeaders.TryGetValues(name, out values)
                    ? Uri.UnescapeDataString(values.Single())
                    : "";
        }

        public void Dispose() => _http.Dispose();
    }

    /// <summary>The body of a call that sends zeros until somebody ends it.</summary>
    private sealed class EndlessBody : HttpContent
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when the other side no longer takes it.</summary>
        public Task Ended => _ended.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            try
            {
                var zeros = new byte[16 << 10];
                while (true)
                {
                    await stream.WriteAsync(zeros);
                }
            }
            finally
            {
                _ended.SetResult();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
