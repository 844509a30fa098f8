using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>A service as small as one of Rapid's can be.</summary>
internal sealed class EchoService(CallLifetime lifetime) : Echo.EchoBase
{
    /// <summary>Builds the service.</summary>
    /// <param name="options">Where it listens.</param>
    /// <param name="level">Log level.</param>
    /// <param name="failure">What its work in the background fails with: the name of a gRPC status, or any text; null: it has none.</param>
    public static WebApplication Build(ServiceOptions options, LogLevel level, string? failure = null) => RapidHost.Build(
        "echo",
        options,
        services =>
        {
            services.AddSingleton<EchoService>();
            if (failure is not null)
            {
                services.AddHostedService(_ => new FailingWork(failure));
            }
        },
        app => app.MapGrpcService<EchoService>(),
        level);

    public override async Task<Message> Unary(Message request, ServerCallContext context)
    {
        await Task.Delay(request.DelayMilliseconds, context.CancellationToken);
        return request;
    }

    public override async Task<Message> Collect(IAsyncStreamReader<Message> requestStream, ServerCallContext context)
    {
        var texts = new List<string>();
        await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
        {
            texts.Add(message.Text);
        }

        return new Message { Text = string.Join(' ', texts) };
    }

    public override Task Follow(Message request, IServerStreamWriter<Message> responseStream, ServerCallContext context) =>
        lifetime.RunAsync(context, async ended =>
        {
            await responseStream.WriteAsync(request, ended);
            await Task.Delay(Timeout.Infinite, ended);
        });

    public override async Task Linger(Message request, IServerStreamWriter<Message> responseStream, ServerCallContext context)
    {
        await responseStream.WriteAsync(request, context.CancellationToken);
        await Task.Delay(Timeout.Infinite, context.CancellationToken);
    }

    public override async Task Chat(
        IAsyncStreamReader<Message> requestStream, IServerStreamWriter<Message> responseStream, ServerCallContext context)
    {
        await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(message, context.CancellationToken);
        }
    }

    private sealed class FailingWork(string failure) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw Enum.TryParse<StatusCode>(failure, out var code)
                ? new RpcException(new Status(code, "refused")) : new InvalidOperationException(failure);
        }
    }
}
