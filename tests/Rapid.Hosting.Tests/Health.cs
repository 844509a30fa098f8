using Grpc.Core;
using Grpc.Net.Client;

namespace Rapid.Hosting.Tests;

/// <summary>A client of grpc.health.v1.Health that knows nothing but the published wire form of its two messages.</summary>
internal static class Health
{
    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(static (byte[] bytes) => bytes, static bytes => bytes);

    private static readonly Method<byte[], byte[]> Check = new(MethodType.Unary, "grpc.health.v1.Health", "Check", Raw, Raw);

    /// <summary>Whether the whole server says SERVING.</summary>
    public static async Task<bool> IsServingAsync(GrpcChannel channel)
    {
        // An empty HealthCheckRequest asks for the server as a whole; in the response the field "status" is number 1 and SERVING is 1.
        var options = new CallOptions(deadline: DateTime.UtcNow.AddSeconds(20));
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(Check, null, options, []);
        return await call.ResponseAsync is [0x08, 0x01];
    }
}
