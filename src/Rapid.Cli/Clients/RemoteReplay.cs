using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Cli.Terminal;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Clients;

/// <summary>A replay service somewhere, as the client commands see it; its failures are sentences.</summary>
internal sealed class RemoteReplay : IDisposable
{
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(15);

    private readonly GrpcChannel _channel;

    public RemoteReplay(ServiceAddress address, ServiceOptions options)
    {
        Address = address;
        _channel = Channels.Open(address, options);
        if (options.SendsPlainToken(address))
        {
            Console.Error.WriteLine($"warning: the token travels to {address} unencrypted; use https:// there");
        }

        Client = new Protocol.V1.Replay.ReplayClient(_channel);
    }

    public ServiceAddress Address { get; }

    /// <summary>For calls within <see cref="CallAsync"/>.</summary>
    public Protocol.V1.Replay.ReplayClient Client { get; }

    /// <summary>Tables whose name starts with a prefix.</summary>
    public async Task<IReadOnlyList<TableInfo>> StatsAsync(string prefix, CancellationToken cancellation) => (await CallAsync(
        () => Client.StatsAsync(
            new StatsRequest { Prefix = prefix }, deadline: DateTime.UtcNow + CallTime, cancellationToken: cancellation).ResponseAsync))
        .Tables;

    /// <summary>The table of exactly this name, or null.</summary>
    public async Task<TableInfo?> FindAsync(string table, CancellationToken cancellation) =>
        (await StatsAsync(table, cancellation)).FirstOrDefault(info => info.Definition.Name == table);

    /// <summary>Makes a call.</summary>
    /// <exception cref="CliException">The service does not answer, or does not let this client in.</exception>
    public async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RpcException error) when (Channels.TlsProblemOf(error) is { } problem)
        {
            throw new CliException($"the replay service at {Address} answers but cannot be trusted: {problem}", ExitCode.Unreachable);
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
        {
            throw new CliException(
                $"the replay service at {Address} does not answer; start it with 'rapid up' or 'rapid replay', "
                + "or name it with RAPID_REPLAY or --replay",
                ExitCode.Unreachable);
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied)
        {
            throw new CliException(
                $"the replay service at {Address} refused the token: {error.Status.Detail}", ExitCode.Unreachable);
        }
    }

    public void Dispose() => _channel.Dispose();
}
