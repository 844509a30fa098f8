using Grpc.Core;
using Microsoft.Extensions.Hosting;

namespace Rapid.Hosting;

/// <summary>Ends long calls when the service stops, so that stopping does not wait for clients that never hang up.</summary>
public sealed class CallLifetime(IHostApplicationLifetime lifetime)
{
    /// <summary>Runs a handler with a token that is cancelled when the call is or when the service stops.</summary>
    /// <exception cref="RpcException">UNAVAILABLE when the service stops: the client tries again elsewhere or later.</exception>
    public async Task RunAsync(ServerCallContext context, Func<CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(handler);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await handler(ended.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the service stops"));
        }
    }
}
