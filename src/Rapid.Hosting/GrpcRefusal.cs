using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Rapid.Hosting;

/// <summary>
/// Answers a gRPC call as gRPC does, with a status in the headers of a successful response that has no body; clients of an HTTP error
/// would know the code but not the reason.
/// </summary>
internal static class GrpcRefusal
{
    /// <summary>Refuses a call, or a request of another kind with the HTTP status.</summary>
    public static Task WriteAsync(HttpContext context, int httpStatus, StatusCode status, string reason)
    {
        var response = context.Response;
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
        {
            response.StatusCode = StatusCodes.Status200OK;
            response.ContentType = "application/grpc";
            response.Headers["grpc-status"] = ((int)status).ToString(CultureInfo.InvariantCulture);
            response.Headers["grpc-message"] = reason;
            return Task.CompletedTask;
        }

        response.StatusCode = httpStatus;
        return response.WriteAsync(reason, context.RequestAborted);
    }
}
