using System.Collections.Concurrent;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Replay;

namespace Rapid.Actor.Tests;

/// <summary>The real replay service in this process, with a reader of its tables; it can be stopped and started again.</summary>
internal sealed class ReplayServer : IAsyncDisposable
{
    private readonly Sockets _sockets;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _readers = [];
    private WebApplication? _app;

    private ReplayServer(Sockets sockets)
    {
        _sockets = sockets;
        Channel = Channels.Open(sockets["replay"], sockets.Options("replay"));
    }

    public GrpcChannel Channel { get; }

    public Protocol.V1.Replay.ReplayClient Client => new(Channel);

    public static async Task<ReplayServer> StartAsync(Sockets sockets)
    {
        var server = new ReplayServer(sockets);
        await server.StartAgainAsync();
        return server;
    }

    public async Task StartAgainAsync()
    {
        _app = ReplayHost.Build(_sockets.Options("replay"), LogLevel.Critical);
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public async Task CreateTableAsync(string name, ulong capacitySteps) => await Client.CreateTableAsync(new CreateTableRequest
    {
        Definition = new TableDefinition { Name = name, Kind = TableKind.Queue, Store = StoreKind.Memory, CapacitySteps = capacitySteps },
    });

    public TableInfo Table(string name) => Client.Stats(new StatsRequest { Prefix = name }).Tables.Single();

    /// <summary>Takes blocks out of a table from now on, in order.</summary>
    public ConcurrentQueue<Trajectory> Read(string table)
    {
        var blocks = new ConcurrentQueue<Trajectory>();
        _readers.Add(Task.Run(async () =>
        {
            try
            {
                using var call = Client.Sample(cancellationToken: _stop.Token);
                await call.RequestStream.WriteAsync(new SampleRequest { Table = table });
                await call.ResponseStream.MoveNext(_stop.Token);
                await call.RequestStream.WriteAsync(new SampleRequest { Credits = 1 });
                while (await call.ResponseStream.MoveNext(_stop.Token))
                {
                    var item = call.ResponseStream.Current.Item;
                    blocks.Enqueue(item.Trajectory);
                    await call.RequestStream.WriteAsync(new SampleRequest { Credits = 1, Acknowledged = { item.Id } });
                }
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                // The test is over.
            }
        }));
        return blocks;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_readers);
        _stop.Dispose();
        Channel.Dispose();
        if (_app is not null)
        {
            await StopAsync();
        }
    }
}
