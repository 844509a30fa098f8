using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>The echo service in this process on a real socket, with a channel to it.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    private RunningService(WebApplication app, ServiceAddress address, GrpcChannel channel) =>
        (App, Address, Channel) = (app, address, channel);

    public WebApplication App { get; }

    public ServiceAddress Address { get; }

    public GrpcChannel Channel { get; }

    public Echo.EchoClient Client => new(Channel);

    /// <summary>Starts the service where <paramref name="server"/> says, with a channel as <paramref name="client"/> says.</summary>
    public static async Task<RunningService> StartAsync(ServiceOptions server, ServiceOptions? client = null)
    {
        var app = EchoService.Build(server, LogLevel.None);
        await app.StartAsync();
        var address = server.Listen[0].SocketPath is null ? ServiceAddress.Parse(app.Urls.First()) : server.Listen[0];
        return new RunningService(app, address, Channels.Open(address, client ?? server));
    }

    public static ServiceOptions Options(string listen = "http://127.0.0.1:0") => new() { Listen = [ServiceAddress.Parse(listen)] };

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
