using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using Grpc.Health.V1;
using Rapid.Hosting;

namespace Rapid.Cli.Supervision;

/// <summary>Asks a service how it is.</summary>
internal static class ServiceHealth
{
    /// <summary>All is well.</summary>
    public const string Serving = "SERVING";

    /// <summary>It answers, but cannot do its work now.</summary>
    public const string NotServing = "NOT SERVING";

    /// <summary>Its process is there and says nothing.</summary>
    public const string Silent = "no answer";

    /// <summary>There is no process.</summary>
    public const string Absent = "not running";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks one whose process is there.</summary>
    public static Task<string> AskAsync(StateFolder state, ServicePlan service, CancellationToken cancellation) =>
        service switch
        {
            { Address: { } address } => AskAsync(address, cancellation),
            { Name: ServicePlan.Redis } => AskRedisAsync(state, cancellation),
            _ => Task.FromResult(Serving),
        };

    private static async Task<string> AskAsync(ServiceAddress address, CancellationToken cancellation)
    {
        using var channel = Channels.Open(address, new ServiceOptions { Listen = [] });
        try
        {
            var answer = await new Health.HealthClient(channel).CheckAsync(
                new HealthCheckRequest(), deadline: DateTime.UtcNow + Patience, cancellationToken: cancellation);
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? Serving : NotServing;
        }
        catch (RpcException) when (!cancellation.IsCancellationRequested)
        {
            return Silent;
        }
    }

    private static async Task<string> AskRedisAsync(StateFolder state, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(state.SocketOf(ServicePlan.Redis)), limit.Token);
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {ServiceKeys.Password(state)}\r\nPING\r\n"), limit.Token);
            _ = await reader.ReadLineAsync(limit.Token);

            // While it reads its data it refuses.
            return await reader.ReadLineAsync(limit.Token) == "+PONG" ? Serving : NotServing;
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException
            && !cancellation.IsCancellationRequested)
        {
            return Silent;
        }
    }
}
