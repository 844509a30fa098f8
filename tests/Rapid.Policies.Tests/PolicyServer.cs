using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Policies.Tests;

/// <summary>A real gRPC server on a unix socket that sends its subscriber exactly the snapshots that a test says, in that order.</summary>
internal sealed class PolicyServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rapid-test-");
    private readonly Script _script = new();
    private WebApplication? _app;

    private PolicyServer() => Channel = Channels.Open(Address, new ServiceOptions { Listen = [] });

    public GrpcChannel Channel { get; }

    /// <summary>What subscribers asked for, one entry a call.</summary>
    public IReadOnlyList<SubscribeRequest> Requests => [.. _script.Requests];

    private ServiceAddress Address => ServiceAddress.Unix(Path.Combine(_directory.FullName, "learner"));

    public static async Task<PolicyServer> StartAsync()
    {
        var server = new PolicyServer();
        await server.StartAgainAsync();
        return server;
    }

    public static async Task Until(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "what was waited for did not happen");
            await Task.Delay(10);
        }
    }

    public async Task StartAgainAsync()
    {
        _app = RapidHost.Build(
            "policies",
            new ServiceOptions { Listen = [Address] },
            services => services.AddSingleton(_script),
            app => app.MapGrpcService<Service>(),
            LogLevel.Critical);
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public void Send(PolicySnapshot snapshot) => Assert.True(_script.Events.Writer.TryWrite(snapshot));

    /// <summary>Ends the call that is open, with a status.</summary>
    public void End(StatusCode status) =>
        Assert.True(_script.Events.Writer.TryWrite(new RpcException(new Status(status, "as the test says"))));

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        if (_app is not null)
        {
            await StopAsync();
        }

        _directory.Delete(recursive: true);
    }

    private sealed class Script
    {
        public ConcurrentQueue<SubscribeRequest> Requests { get; } = new();

        /// <summary>A snapshot to send or an exception to end the call with.</summary>
        public System.Threading.Channels.Channel<object> Events { get; } = System.Threading.Channels.Channel.CreateUnbounded<object>();
    }

    private sealed class Service(Script script, CallLifetime lifetime) : Protocol.V1.Policies.PoliciesBase
    {
        public override Task Subscribe(
            SubscribeRequest request, IServerStreamWriter<PolicySnapshot> responseStream, ServerCallContext context) =>
            lifetime.RunAsync(context, async ended =>
            {
                script.Requests.Enqueue(request);
                await foreach (var what in script.Events.Reader.ReadAllAsync(ended))
                {
                    await responseStream.WriteAsync(what as PolicySnapshot ?? throw (Exception)what, ended);
                }
            });
    }
}
