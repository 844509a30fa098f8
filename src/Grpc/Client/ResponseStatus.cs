using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>What HTTP says, in the words of gRPC.</summary>
internal static class ResponseStatus
{
    /// <summary>Whether a response without a status of its own is gRPC at all.</summary>
    /// <exception cref="RpcException">What its HTTP status means, or CANCELLED for another kind of content.</exception>
    public static void Validate(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var code = (int)response.StatusCode switch
            {
                400 or 431 => StatusCode.Internal,
                401 => StatusCode.Unauthenticated,
                403 => StatusCode.PermissionDenied,
                404 => StatusCode.Unimplemented,
                429 or 502 or 503 or 504 => StatusCode.Unavailable,
                _ => StatusCode.Unknown,
            };
            throw new RpcException(new Status(code, $"Bad gRPC response. HTTP status code: {(int)response.StatusCode}"));
        }

        var type = response.Content.Headers.ContentType?.MediaType;
        if (type is null || !type.StartsWith(GrpcHeaders.ContentType, StringComparison.OrdinalIgnoreCase))
        {
            throw new RpcException(new Status(StatusCode.Cancelled, $"Bad gRPC response. Invalid content-type value: {type}"));
        }
    }

    /// <summary>The status that headers or trailers hold, or null.</summary>
    public static Status? Of(HttpHeaders headers)
    {
        if (!headers.TryGetValues(GrpcHeaders.Status, out var values) || !int.TryParse(values.First(), out var code))
        {
            return null;
        }

        var detail = headers.TryGetValues(GrpcHeaders.Message, out var messages) ? GrpcHeaders.DecodeMessage(messages.First()) : "";
        return new Status(Enum.IsDefined((StatusCode)code) ? (StatusCode)code : StatusCode.Unknown, detail);
    }

    /// <summary>Copies what is the caller's business.</summary>
    public static void Collect(HttpHeaders headers, Metadata metadata)
    {
        foreach (var (name, values) in headers)
        {
            if (!GrpcHeaders.IsReserved(name))
            {
                foreach (var value in values)
                {
                    GrpcHeaders.AddTo(metadata, name, value);
                }
            }
        }
    }

    /// <summary>What a failure of the transport means.</summary>
    public static StatusCode CodeOf(Exception error)
    {
        for (var current = error; current is not null; current = current.InnerException)
        {
            if (current is HttpProtocolException protocol)
            {
                return protocol.ErrorCode switch
                {
                    7 => StatusCode.Unavailable,
                    8 => StatusCode.Cancelled,
                    11 => StatusCode.ResourceExhausted,
                    12 => StatusCode.PermissionDenied,
                    _ => StatusCode.Internal,
                };
            }
        }

        return error is HttpRequestException or IOException or System.Net.Sockets.SocketException
            ? StatusCode.Unavailable
            : StatusCode.Internal;
    }
}
