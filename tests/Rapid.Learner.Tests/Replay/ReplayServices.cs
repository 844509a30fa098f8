using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Replay;

namespace Rapid.Learner.Tests.Replay;

/// <summary>Several real replay services on unix sockets; each can be stopped and started again, without what it had in memory.</summary>
internal sealed class ReplayServices(int count) : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rapid-test-");
    private readonly WebApplication?[] _services = new WebApplication?[count];

    public ServiceOptions Options => new() { Listen = [], Replay = [.. Enumerable.Range(0, count).Select(Address)] };

    public static async Task<ReplayServices> StartAllAsync(int count)
    {
        var services = new ReplayServices(count);
        for (var i = 0; i < count; i++)
        {
            await services.StartAsync(i);
        }

        return services;
    }

    public async Task StartAsync(int service)
    {
        _services[service] = ReplayHost.Build(new ServiceOptions { Listen = [Address(service)] }, LogLevel.Critical);
        await _services[service]!.StartAsync();
    }

    public async Task StopAsync(int service)
    {
        await _services[service]!.StopAsync();
        await _services[service]!.DisposeAsync();
        _services[service] = null;
    }

    /// <summary>Appends blocks as an actor does, one after the other.</summary>
    public async Task AppendAsync(int service, string table, params Trajectory[] blocks)
    {
        using var channel = Channels.Open(Address(service), Options);
        using var call = new Protocol.V1.Replay.ReplayClient(channel).Append();
        foreach (var block in blocks)
        {
            await call.RequestStream.WriteAsync(new AppendRequest { Table = table, Trajectory = block });
            Assert.True(await call.ResponseStream.MoveNext(default));
            Assert.Equal("", call.ResponseStream.Current.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < count; i++)
        {
            if (_services[i] is not null)
            {
                await StopAsync(i);
            }
        }

        _directory.Delete(recursive: true);
    }

    private ServiceAddress Address(int service) => ServiceAddress.Unix(Path.Combine(_directory.FullName, $"replay-{service}"));
}
