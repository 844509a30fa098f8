using Rapid.Cli.Supervision;
using Rapid.Cli.Terminal;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Clients;

/// <summary>All replay services that are named; a table may lie on several of them.</summary>
internal sealed class RemoteReplays(IReadOnlyList<RemoteReplay> services) : IDisposable
{
    public IReadOnlyList<RemoteReplay> All => services;

    /// <summary>Opens what the option or the environment names.</summary>
    /// <param name="addresses">Comma separated; null takes RAPID_REPLAY.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="CliException">An address is none, or a name stands for none.</exception>
    public static async Task<RemoteReplays> OpenAsync(string? addresses, CancellationToken cancellation)
    {
        var options = OwnServices.Read();
        var named = addresses?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(text => ServiceAddress.TryParse(text, out var address) && address.IsReachable
                ? address
                : throw new CliException($"--replay: '{text}' is not an address; allowed: {ServiceAddress.Allowed}", ExitCode.BadInput))
            .ToList() ?? options.Replay;
        if (named.Count == 0)
        {
            throw new CliException($"--replay: '{addresses}' names no address; allowed: {ServiceAddress.Allowed}", ExitCode.BadInput);
        }

        var found = new List<ServiceAddress>();
        foreach (var name in named)
        {
            found.AddRange(await ResolveAsync(name, cancellation));
        }

        return new RemoteReplays([.. found.Select(address => new RemoteReplay(address, OwnServices.For(address, options)))]);
    }

    private static async Task<IReadOnlyList<ServiceAddress>> ResolveAsync(ServiceAddress name, CancellationToken cancellation)
    {
        try
        {
            return await ServiceNames.FindAsync(name, cancellation) is { Count: > 0 } found
                ? found
                : throw new CliException($"{name} stands for no replay service now", ExitCode.Unreachable);
        }
        catch (IOException error)
        {
            throw new CliException(error.Message, ExitCode.Unreachable);
        }
    }

    /// <summary>The services that have a table, with what they say of it.</summary>
    public async Task<IReadOnlyList<(RemoteReplay Service, TableInfo Info)>> FindAsync(string table, CancellationToken cancellation)
    {
        var found = new List<(RemoteReplay, TableInfo)>();
        foreach (var service in services)
        {
            if (await service.FindAsync(table, cancellation) is { } info)
            {
                found.Add((service, info));
            }
        }

        return found;
    }

    /// <summary>As <see cref="FindAsync"/>, where there must be one.</summary>
    /// <exception cref="CliException">No service has it, or it is a queue.</exception>
    public async Task<IReadOnlyList<(RemoteReplay Service, TableInfo Info)>> GetAsync(string table, CancellationToken cancellation)
    {
        var found = await FindAsync(table, cancellation);
        if (found.Count == 0)
        {
            var known = new List<string>();
            foreach (var service in services)
            {
                known.AddRange((await service.StatsAsync("", cancellation)).Select(info => info.Definition.Name));
            }

            throw new CliException(
                $"there is no table '{table}' at {string.Join(", ", services.Select(service => service.Address))}; "
                + (known.Count == 0 ? "there are no tables"
                    : $"known: {string.Join(", ", known.Distinct().Order(StringComparer.Ordinal))}"),
                ExitCode.BadInput);
        }

        return found.All(part => part.Info.Definition.Kind != TableKind.Queue)
            ? found
            : throw new CliException(
                $"'{table}' is a queue, whose blocks are gone once they are used; this is for the other kinds", ExitCode.BadInput);
    }

    public void Dispose()
    {
        foreach (var service in services)
        {
            service.Dispose();
        }
    }
}
