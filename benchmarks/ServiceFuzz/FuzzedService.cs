using System.Buffers.Binary;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Rapid.Actor;
using Rapid.Evaluator;
using Rapid.Hosting;
using Rapid.Learner;
using Rapid.Replay;
using ServiceOptions = Rapid.Hosting.ServiceOptions;

namespace Rapid.Benchmarks;

/// <summary>A service in this process whose methods are called without a socket: what comes behind HTTP/2 and the limits of calls.</summary>
internal sealed class FuzzedService : IAsyncDisposable
{
    // A call that waits for more (a watcher, a full table) is broken off after the first; one that does not end after the second hangs.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(2), Patience = TimeSpan.FromSeconds(30);

    private const int MostRuns = 8;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-");
    private readonly WebApplication _app;

    private FuzzedService(string name)
    {
        var options = new ServiceOptions
        {
            Listen = [ServiceAddress.Unix(Path.Combine(_folder.FullName, "s"))],
            Learner = ServiceAddress.Unix(Path.Combine(_folder.FullName, "nobody")),
            Replay = [ServiceAddress.Unix(Path.Combine(_folder.FullName, "nobody"))],
            Runs = Path.Combine(_folder.FullName, "runs"),

            // Runs that got in would train, each longer than a thousand messages take.
            Limits = new ServiceLimits { Queued = MostRuns, Requests = int.MaxValue },
        };
        (Address, _app) = (options.Listen[0], name switch
        {
            "replay" => ReplayHost.Build(options, LogLevel.None),
            "learner" => LearnerHost.Build(options, LogLevel.None, recover: false),
            "actor" => ActorHost.Build(options, LogLevel.None),
            "evaluator" => EvaluatorHost.Build(options, LogLevel.None),
            _ => throw new ArgumentException($"{name} is no service", nameof(name)),
        });
    }

    /// <summary>Where it also answers as usual.</summary>
    public ServiceAddress Address { get; }

    /// <summary>Its methods.</summary>
    public IReadOnlyList<Target> Targets { get; private set; } = [];

    /// <summary>A method.</summary>
    /// <param name="Path">/package.Service/Method.</param>
    /// <param name="Input">Its requests.</param>
    /// <param name="IsStreaming">Whether it takes several of them.</param>
    /// <param name="Invoke">Handles a call.</param>
    internal sealed record Target(string Path, MessageDescriptor Input, bool IsStreaming, RequestDelegate Invoke);

    public static async Task<FuzzedService> StartAsync(string name)
    {
        var service = new FuzzedService(name);
        await service._app.StartAsync();
        service.Targets =
        [
            .. from source in ((IEndpointRouteBuilder)service._app).DataSources
               from endpoint in source.Endpoints
               let method = endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method
               where method is not null && endpoint.RequestDelegate is not null
               select new Target(
                   method.FullName, Corpus.InputOf(method.FullName),
                   method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming, endpoint.RequestDelegate!),
        ];
        return service;
    }

    /// <summary>Makes one call.</summary>
    /// <returns>Its status; null when it does not end.</returns>
    public async Task<StatusCode?> CallAsync(Target target, IEnumerable<byte[]> messages)
    {
        using var aborted = new CancellationTokenSource();
        var trailers = new ResponseTrailers();
        var context = new DefaultHttpContext { RequestServices = _app.Services, RequestAborted = aborted.Token };
        context.Features.Set<IHttpResponseTrailersFeature>(trailers);
        context.Request.Method = HttpMethods.Post;
        context.Request.Protocol = HttpProtocol.Http2;
        context.Request.ContentType = "application/grpc";
        context.Request.Path = target.Path;
        context.Request.Body = Frame(messages);
        context.Response.Body = Stream.Null;
        var call = target.Invoke(context);
        if (await Task.WhenAny(call, Task.Delay(Breath)) != call)
        {
            await aborted.CancelAsync();
            if (await Task.WhenAny(call, Task.Delay(Patience)) != call)
            {
                return null;
            }

            // Whatever it says now, nobody is there to hear it.
            await call.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return StatusCode.Cancelled;
        }

        await call;
        const string Status = "grpc-status";
        var status = trailers.Trailers.TryGetValue(Status, out var late) ? late : context.Response.Headers[Status];
        return Enum.TryParse<StatusCode>(status, out var code)
            ? code
            : throw new InvalidOperationException($"{target.Path} ended without a status");
    }

    public async ValueTask DisposeAsync()
    {
        using (var limit = new CancellationTokenSource(Patience))
        {
            await _app.StopAsync(limit.Token);
        }

        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static MemoryStream Frame(IEnumerable<byte[]> messages)
    {
        const int Prefix = 5;
        var stream = new MemoryStream();
        Span<byte> prefix = stackalloc byte[Prefix];
        foreach (var message in messages)
        {
            BinaryPrimitives.WriteInt32BigEndian(prefix[1..], message.Length);
            stream.Write(prefix);
            stream.Write(message);
        }

        stream.Position = 0;
        return stream;
    }

    private sealed class ResponseTrailers : IHttpResponseTrailersFeature
    {
        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();
    }
}
