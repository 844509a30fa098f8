using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace Rapid.Hosting;

/// <summary>
/// What is wrong with a request, field by field: a google.rpc.BadRequest in the details of INVALID_ARGUMENT, which clients in every
/// language can read. The status message says the same in words.
/// </summary>
public static class FieldErrors
{
    // Details travel in headers, whose size clients limit. The message says how many more there are.
    private const int MostViolations = 50;

    /// <summary>INVALID_ARGUMENT for one field, with the message "field: description".</summary>
    /// <param name="field">Path of the field in the request, such as "definition.kind".</param>
    /// <param name="description">Its value, what is allowed, what to do.</param>
    public static RpcException InvalidArgument(string field, string description) =>
        InvalidArgument($"{field}: {description}", [(field, description)]);

    /// <summary>INVALID_ARGUMENT for several fields.</summary>
    /// <param name="message">All of it in words.</param>
    /// <param name="problems">Paths of fields and what is wrong with each; an empty path is the request as a whole.</param>
    public static RpcException InvalidArgument(string message, IEnumerable<(string Field, string Description)> problems)
    {
        var request = new BadRequest();
        request.FieldViolations.AddRange(problems.Take(MostViolations).Select(problem =>
            new BadRequest.Types.FieldViolation { Field = problem.Field, Description = problem.Description }));
        var status = new Google.Rpc.Status { Code = (int)Code.InvalidArgument, Message = message, Details = { Any.Pack(request) } };
        return status.ToRpcException();
    }

    /// <summary>The fields that a service refused, in its order; none when it refused for another reason.</summary>
    public static IReadOnlyList<(string Field, string Description)> Of(RpcException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var request = error.GetRpcStatus()?.GetDetail<BadRequest>();
        return [.. request?.FieldViolations.Select(violation => (violation.Field, violation.Description)) ?? []];
    }
}
