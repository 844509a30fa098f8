using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Rapid.Hosting.Tests;

/// <summary>Takes whatever is posted to it and answers as a gRPC server with an empty message.</summary>
internal sealed class Collector(WebApplication app) : IAsyncDisposable
{
    private readonly Dictionary<string, string> _bodies = [];

    public Uri Address => new(app.Urls.First());

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var collector = new Collector(builder.Build());
        await collector.RunAsync();
        return collector;
    }

    public string BodyOf(string path)
    {
        lock (_bodies)
        {
            return _bodies.GetValueOrDefault(path, "");
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private Task RunAsync()
    {
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            lock (_bodies)
            {
                _bodies[context.Request.Path] = BodyOf(context.Request.Path) + Encoding.Latin1.GetString(body.ToArray());
            }

            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        return app.StartAsync();
    }
}
