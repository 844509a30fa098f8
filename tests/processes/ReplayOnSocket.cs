using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Processes;

/// <summary>A replay service alone, on a unix socket, with a Redis that keeps nothing on disk if need be.</summary>
internal sealed class ReplayOnSocket : IAsyncDisposable
{
    private readonly ServiceAddress _address;
    private readonly RapidProcess _replay;
    private readonly RapidProcess? _redis;

    private ReplayOnSocket(ServiceAddress address, RapidProcess replay, RapidProcess? redis)
    {
        (_address, _replay, _redis) = (address, replay, redis);
        Channel = Connect();
    }

    public GrpcChannel Channel { get; }

    public Protocol.V1.Replay.ReplayClient Client => new(Channel);

    /// <summary>The most memory that the service has had so far, in bytes.</summary>
    public long PeakMemory => _replay.PeakResidentBytes;

    /// <summary>Starts it in a folder and waits until it answers.</summary>
    public static async Task<ReplayOnSocket> StartAsync(string folder, bool withRedis)
    {
        var address = ServiceAddress.Unix(Path.Combine(folder, "replay.sock"));
        var variables = new Dictionary<string, string>
        {
            ["RAPID_LISTEN"] = address.ToString(),
            ["RAPID_REPLAY_CHECKPOINTS"] = Path.Combine(folder, "checkpoints"),
        };
        RapidProcess? redis = null;
        if (withRedis)
        {
            var port = FreePorts.One().ToString(CultureInfo.InvariantCulture);
            redis = RapidProcess.StartProgram(
                "redis-server", folder, ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            variables["RAPID_REDIS"] = $"127.0.0.1:{port}";
        }

        var service = new ReplayOnSocket(address, RapidProcess.Start(folder, ["replay"], variables), redis);
        while (true)
        {
            try
            {
                await service.Client.StatsAsync(new StatsRequest());
                return service;
            }
            catch (RpcException) when (!service._replay.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>Another connection.</summary>
    public GrpcChannel Connect() => Channels.Open(_address, new ServiceOptions { Listen = [] });

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _replay.DisposeAsync();
        await (_redis?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
