using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Actor.Tests;

/// <summary>A real gRPC server in the place of replay that answers each block as the test says: with a reply, an error or an end.</summary>
internal sealed class FlakyReplay : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Script _script = new();

    private FlakyReplay(Sockets sockets)
    {
        _app = RapidHost.Build(
            "replay",
            sockets.Options("replay"),
            services => services.AddSingleton(_script),
            app => app.MapGrpcService<Service>(),
            LogLevel.Critical);
        Channel = Channels.Open(sockets["replay"], sockets.Options("replay"));
    }

    public GrpcChannel Channel { get; }

    /// <summary>What came, every try.</summary>
    public IReadOnlyList<AppendRequest> Requests => [.. _script.Requests];

    public static async Task<FlakyReplay> StartAsync(Sockets sockets)
    {
        var replay = new FlakyReplay(sockets);
        await replay._app.StartAsync();
        return replay;
    }

    /// <summary>Answers the next request that was not answered yet; null ends the call without an answer.</summary>
    public void Answer(Func<AppendRequest, AppendReply?> answer) => _script.Answers.Writer.TryWrite(answer);

    public static AppendReply Ok(AppendRequest request) => Refuse(request, StatusCode.OK);

    public static AppendReply Refuse(AppendRequest request, StatusCode code) => new()
    {
        Producer = request.Trajectory.Producer,
        Sequence = request.Trajectory.Sequence,
        Code = (int)code,
        Message = "as the test says",
    };

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed class Script
    {
        public ConcurrentQueue<AppendRequest> Requests { get; } = new();

        public System.Threading.Channels.Channel<Func<AppendRequest, AppendReply?>> Answers { get; } =
            System.Threading.Channels.Channel.CreateUnbounded<Func<AppendRequest, AppendReply?>>();
    }

    private sealed class Service(Script script, CallLifetime lifetime) : Protocol.V1.Replay.ReplayBase
    {
        public override Task Append(
            IAsyncStreamReader<AppendRequest> requestStream, IServerStreamWriter<AppendReply> responseStream, ServerCallContext context) =>
            lifetime.RunAsync(context, async ended =>
            {
                await foreach (var request in requestStream.ReadAllAsync(ended))
                {
                    script.Requests.Enqueue(request);
                    var answer = await script.Answers.Reader.ReadAsync(ended);
                    if (answer(request) is not { } reply)
                    {
                        return;
                    }

                    await responseStream.WriteAsync(reply, ended);
                }
            });
    }
}
