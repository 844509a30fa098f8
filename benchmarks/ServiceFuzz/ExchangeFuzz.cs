using System.Net.Sockets;
using Grpc.Core;
using Grpc.Health.V1;
using Rapid.Hosting;

namespace Rapid.Benchmarks;

/// <summary>
/// Mutated HTTP/2 connections against a service in a process of its own. A problem is a process that ends, a connection that stays open
/// though its client is gone, and a service that is not well afterwards.
/// </summary>
internal static class ExchangeFuzz
{
    private const int Clients = 16, MostFailures = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Makes connections until there were enough.</summary>
    /// <param name="name">replay, learner, actor or evaluator.</param>
    /// <param name="exchanges">How many.</param>
    /// <param name="seed">Of what is sent.</param>
    /// <returns>What went wrong, and the most memory that the service had, in bytes.</returns>
    public static async Task<(IReadOnlyCollection<string> Problems, long PeakBytes)> RunAsync(string name, int exchanges, int seed)
    {
        var folder = Directory.CreateTempSubdirectory("rapid-");
        try
        {
            var address = ServiceAddress.Unix(Path.Combine(folder.FullName, "s"));
            var nobody = ServiceAddress.Unix(Path.Combine(folder.FullName, "nobody")).ToString();
            await using var process = RapidProcess.Start(folder.FullName, [name], new Dictionary<string, string>
            {
                ["RAPID_LISTEN"] = address.ToString(),
                ["RAPID_LEARNER"] = nobody,
                ["RAPID_REPLAY"] = nobody,
            });
            using var channel = Channels.Open(address, new ServiceOptions { Listen = [] });
            await AwaitHealthAsync(channel, process);
            var paths = await PathsAsync(name);
            var tally = new FuzzTally();
            await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
            {
                for (var i = client; i < exchanges && tally.Problems.Count < MostFailures && !process.HasExited; i += Clients)
                {
                    await ExchangeAsync(address, Http2Exchange.Make(paths, new Random(seed * 1_000_003 + i)), tally);
                }
            })));
            if (process.HasExited)
            {
                tally.Report($"the {name} service ended: {process.Output}");
                return (tally.Problems, 0);
            }

            await AwaitHealthAsync(channel, process);
            return (tally.Problems, process.PeakResidentBytes);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<IReadOnlyList<string>> PathsAsync(string name)
    {
        await using var service = await FuzzedService.StartAsync(name);
        return [.. service.Targets.Select(target => target.Path)];
    }

    /// <summary>Sends all bytes, hangs up its half, and reads until the service closes the connection.</summary>
    private static async Task ExchangeAsync(ServiceAddress address, byte[] bytes, FuzzTally tally)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var limit = new CancellationTokenSource(Patience);
        var buffer = new byte[4096];
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.SocketPath!), limit.Token);
            await socket.SendAsync(bytes, limit.Token);
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(buffer, limit.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // The service closed it first, which is its right.
        }
        catch (OperationCanceledException)
        {
            tally.Report($"a connection stays open after {Convert.ToBase64String(bytes)}");
        }
    }

    private static async Task AwaitHealthAsync(ChannelBase channel, RapidProcess process)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: limit.Token);
                return;
            }
            catch (RpcException) when (!process.HasExited && !limit.IsCancellationRequested)
            {
                await Task.Delay(100);
            }
        }
    }
}
