using System.Net;
using System.Net.Sockets;

namespace Rapid.Hosting;

/// <summary>Finds the addresses that a name stands for at the moment.</summary>
public static class ServiceNames
{
    // A list of services, not a file that somebody named by mistake.
    private const long LongestList = 1 << 20;

    /// <summary>Every address, each once, in the order that the resolver or the file gives; an address that is no name itself.</summary>
    /// <exception cref="IOException">The name does not resolve, or the file cannot be read or holds something else.</exception>
    public static async Task<IReadOnlyList<ServiceAddress>> FindAsync(ServiceAddress address, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(address);
        try
        {
            return !address.IsName ? [address]
                : address.ListPath is { } path ? await ReadAsync(path, address.IsSecure, cancellation)
                : [.. (await Dns.GetHostAddressesAsync(address.Host, cancellation)).Distinct().Select(address.At)];
        }
        catch (Exception error) when (error is SocketException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"{address} cannot be resolved: {error.Message}", error);
        }
    }

    /// <summary>Connects to the first of a name's addresses that takes the connection.</summary>
    /// <exception cref="IOException">None does; the message is of the last.</exception>
    internal static async Task<T> ConnectAsync<T>(
        ServiceAddress name, Func<ServiceAddress, CancellationToken, ValueTask<T>> connect, CancellationToken cancellation)
    {
        Exception? last = null;
        foreach (var address in await FindAsync(name, cancellation))
        {
            try
            {
                return await connect(address, cancellation);
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                last = error;
            }
        }

        throw last ?? new IOException($"{name} stands for no address now");
    }

    /// <summary>A line is an address; empty ones and what follows a # are not.</summary>
    private static async Task<IReadOnlyList<ServiceAddress>> ReadAsync(string path, bool isSecure, CancellationToken cancellation)
    {
        if (new FileInfo(path) is { Exists: true, Length: > LongestList and var length })
        {
            throw new IOException($"{path} has {length} bytes, more than a list of services may have ({LongestList})");
        }

        var addresses = new List<ServiceAddress>();
        foreach (var line in await File.ReadAllLinesAsync(path, cancellation))
        {
            var text = line.Split('#')[0].Trim();
            if (text.Length == 0)
            {
                continue;
            }

            var isSocket = text.StartsWith("unix:", StringComparison.Ordinal);
            if ((isSocket && isSecure)
                || !ServiceAddress.TryParse(isSocket ? text : $"{(isSecure ? "https" : "http")}://{text}", out var address)
                || !address.IsReachable)
            {
                throw new IOException(
                    $"{path}: '{text}' is not a place; allowed, one a line: host:port{(isSecure ? "" : " or unix:/absolute/path")}");
            }

            addresses.Add(address);
        }

        return [.. addresses.Distinct()];
    }
}
