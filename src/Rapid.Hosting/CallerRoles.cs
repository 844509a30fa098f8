using Grpc.Core;

namespace Rapid.Hosting;

/// <summary>Roles of callers where the request decides what they must be.</summary>
public static class CallerRoles
{
    /// <summary>Lets a call go on whose caller has the role.</summary>
    /// <exception cref="RpcException">PERMISSION_DENIED: the caller has another one.</exception>
    public static void RequireRole(this ServerCallContext context, string role)
    {
        ArgumentNullException.ThrowIfNull(context);
        var caller = context.GetHttpContext().User;
        if (!caller.IsInRole(role))
        {
            throw new RpcException(new Status(StatusCode.PermissionDenied, TokenAuthentication.Refusal(caller, [role])));
        }
    }
}
