using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Rapid.Hosting;

/// <summary>
/// What becomes of a call that ends in an exception. Bytes that are no message are the client's mistake: INVALID_ARGUMENT, where gRPC says
/// UNKNOWN as if the service had failed, and logs a stack trace that anybody could fill a disk with. The rest is logged here as gRPC would.
/// It is no interceptor, because gRPC reads the only message of a call before any interceptor runs.
/// </summary>
internal static class CallErrors
{
    /// <summary>The category that gRPC logs the same exceptions in.</summary>
    public const string Category = "Grpc.AspNetCore.Server.ServerCallHandler";

    /// <summary>Comes before the gRPC services.</summary>
    public static void UseCallErrors(this WebApplication app) => app.Use(async (context, next) =>
    {
        await next(context);
        if (context.Features.Get<IServerCallContextFeature>()?.ServerCallContext is not { Status.DebugException: { } error } call)
        {
            return;
        }

        if (error is InvalidProtocolBufferException)
        {
            Replace(context, new Status(StatusCode.InvalidArgument, $"the request's bytes are no message: {error.Message}"));
        }
        else if (error is not RpcException && !context.RequestAborted.IsCancellationRequested)
        {
            app.Logger.LogError(error, "{Method} failed", call.Method);
        }
    });

    /// <summary>Says something else than gRPC did, in the headers of a call without an answer or in the trailers behind one.</summary>
    private static void Replace(HttpContext context, Status status)
    {
        const string Code = "grpc-status", Message = "grpc-message";
        var place = context.Response.HasStarted ? context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers
            : context.Response.Headers;
        place[Code] = $"{(int)status.StatusCode}";
        place[Message] = Uri.EscapeDataString(status.Detail);
    }
}
