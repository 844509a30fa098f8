using System.Net.Sockets;
using Grpc.Net.Client;
using Rapid.Hosting;

namespace Rapid.Benchmarks;

/// <summary>Services as processes of their own, on unix sockets in a private folder.</summary>
internal sealed class Target : IAsyncDisposable
{
    public const string Token = "a-token-of-the-benchmark";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-");
    private readonly List<RapidProcess> _processes = [];
    private readonly List<GrpcChannel> _channels = [];

    /// <summary>Starts a service and waits until it listens.</summary>
    public async Task<RapidProcess> StartAsync(string service, params (string Name, string Value)[] variables)
    {
        var process = RapidProcess.Start(_folder.FullName, [service], new Dictionary<string, string>(
            variables.Select(variable => KeyValuePair.Create(variable.Name, variable.Value)))
        {
            ["RAPID_LISTEN"] = $"{Socket(service)}",
            ["RAPID_LEARNER"] = $"{Socket("learner")}",
            ["RAPID_REPLAY"] = $"{Socket("replay")}",
            ["RAPID_TOKEN"] = Token,
        });
        _processes.Add(process);
        await Eventually.TrueAsync(
            () => process.HasExited || process.Output.Contains("listening on", StringComparison.Ordinal), () => process.Output);
        return process;
    }

    public ServiceAddress Socket(string service) => ServiceAddress.Unix(Path.Combine(_folder.FullName, service));

    /// <summary>As Rapid's own clients connect.</summary>
    public GrpcChannel Open(string service) =>
        Keep(Channels.Open(Socket(service), new ServiceOptions { Listen = [], Token = Token }));

    /// <summary>With the windows of the protocol: what is not read stays with the service. Its calls carry no token.</summary>
    public GrpcChannel OpenBare(string service) => Keep(GrpcChannel.ForAddress("http://service", new GrpcChannelOptions
    {
        MaxReceiveMessageSize = null,
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket(service).SocketPath!), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        },
    }));

    /// <summary>The most memory that a process has while some time passes.</summary>
    public static async Task<long> MostBytesAsync(RapidProcess process, TimeSpan time)
    {
        var most = process.ResidentBytes;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var end = DateTime.UtcNow + time; DateTime.UtcNow < end && await timer.WaitForNextTickAsync();)
        {
            most = Math.Max(most, process.ResidentBytes);
        }

        return most;
    }

    public async ValueTask DisposeAsync()
    {
        _channels.ForEach(channel => channel.Dispose());
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private GrpcChannel Keep(GrpcChannel channel)
    {
        _channels.Add(channel);
        return channel;
    }
}
