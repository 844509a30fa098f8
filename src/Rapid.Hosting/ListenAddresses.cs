using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Rapid.Hosting;

/// <summary>Which interfaces an address to listen on means, and whether a service may be reached there.</summary>
internal static class ListenAddresses
{
    /// <summary>The interfaces of a TCP address. A name means what it resolves to and nothing else.</summary>
    /// <exception cref="ConfigurationException">The name does not resolve.</exception>
    public static IReadOnlyList<IPAddress> Resolve(ServiceAddress address, string variable)
    {
        if (address.IsLocalhost)
        {
            return [IPAddress.Loopback];
        }

        if (IPAddress.TryParse(address.Host, out var ip))
        {
            return [ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip];
        }

        try
        {
            var resolved = Dns.GetHostAddresses(address.Host).Distinct().ToList();
            return resolved.Count > 0 ? resolved : throw new SocketException((int)SocketError.NoData);
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            throw new ConfigurationException([
                $"{variable}: cannot listen on {address}: the name '{address.Host}' does not resolve ({error.Message}); allowed: "
                + "localhost, an address of this machine or a name of one, 0.0.0.0 or [::] for every interface",
            ]);
        }
    }

    /// <summary>Refuses to serve other machines without a token, and warns of a token that they would send in the clear.</summary>
    /// <exception cref="ConfigurationException">Other machines reach the address, no token is set, and nobody said that this is meant.
    /// </exception>
    public static void CheckReach(
        ServiceAddress address, IReadOnlyList<IPAddress> ips, string variable, ServiceOptions options, ILogger logger)
    {
        if (ips.All(IPAddress.IsLoopback))
        {
            return;
        }

        if (options.TokenVariables.Count == 0 && !options.IsInsecure)
        {
            throw new ConfigurationException([
                $"{variable}: {address} can be reached from other machines, and no token is set; set RAPID_TOKEN or roles' tokens, "
                + "or listen on 127.0.0.1, localhost or a unix socket, or set RAPID_INSECURE=true to serve whoever comes",
            ]);
        }

        if (options.TokenVariables.Count == 0)
        {
            logger.LogWarning("RAPID_INSECURE: whoever reaches {Address} is served", address);
        }
        else if (!address.IsSecure)
        {
            WarnOfPlainToken(variable, address, logger);
        }
    }

    /// <summary>Warns of each service that this one would send its token to in the clear.</summary>
    public static void WarnOfPlainTokens(ServiceOptions options, ILogger logger)
    {
        var services = options.Learners.Select(address => ("RAPID_LEARNER", address))
            .Concat(options.Replay.Select(address => ("RAPID_REPLAY", address)));
        foreach (var (variable, address) in services)
        {
            if (options.SendsPlainToken(address))
            {
                WarnOfPlainToken(variable, address, logger);
            }
        }
    }

    private static void WarnOfPlainToken(string variable, ServiceAddress address, ILogger logger) => logger.LogWarning(
        "{Variable}: the token travels to {Address} unencrypted, and whoever can listen on the way can use it; use https:// there",
        variable, address);
}
