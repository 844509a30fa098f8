using System.Net.Security;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Rapid.Hosting;

/// <summary>
/// Asks the service that runs on this machine with the same configuration how it is, for containers' health checks: their images need no
/// other program for it.
/// </summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks and says the answer.</summary>
    /// <returns>0 when it serves; 1 when it does not, or does not answer; 2 when the configuration does not say where it is.</returns>
    public static async Task<int> RunAsync(ServiceKind kind)
    {
        try
        {
            var options = ServiceOptionsReader.Read(kind);
            var address = OwnAddress(options);
            using var channel = Open(address, options);
            return await AskAsync(channel, address);
        }
        catch (ConfigurationException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 2;
        }
    }

    private static async Task<int> AskAsync(GrpcChannel channel, ServiceAddress address)
    {
        try
        {
            var answer = await new Health.HealthClient(channel).CheckAsync(
                new HealthCheckRequest(), deadline: DateTime.UtcNow + Patience);
            Console.Out.WriteLine(answer.Status.ToString());
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? 0 : 1;
        }
        catch (RpcException error)
        {
            await Console.Error.WriteLineAsync($"nothing answers at {address}: {error.Status.Detail}");
            return 1;
        }
    }

    /// <summary>Where the service can be reached from its own machine.</summary>
    /// <exception cref="ConfigurationException">It chooses a port when it starts.</exception>
    private static ServiceAddress OwnAddress(ServiceOptions options) =>
        options.Listen.FirstOrDefault(address => address.IsReachable) is { } address
            ? address.OnThisMachine()
            : throw new ConfigurationException([
                $"RAPID_LISTEN: {string.Join(", ", options.Listen)} does not say which port it will be; give it one port to ask for its "
                    + "health",
            ]);

    private static GrpcChannel Open(ServiceAddress address, ServiceOptions options) => address.IsSecure
        ? GrpcChannel.ForAddress(address.ToString(), new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler { SslOptions = TrustItself(options) },
        })
        : Channels.Open(address, options);

    /// <summary>A service is reached at an address that need not be in its certificate: it is known by the certificate itself.</summary>
    private static SslClientAuthenticationOptions TrustItself(ServiceOptions options)
    {
        var own = TlsFiles.LoadIdentity(options.TlsCertificate!, options.TlsKey);
        return new SslClientAuthenticationOptions
        {
            ClientCertificates = [own],
            RemoteCertificateValidationCallback = (_, shown, _, _) =>
                shown is not null && shown.GetCertHashString() == own.GetCertHashString(),
        };
    }
}
