using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Rapid.Hosting;

/// <summary>
/// Where a service listens or is found: <c>http://host:port</c>, <c>https://host:port</c> or <c>unix:/path</c>; or a name that stands for
/// as many of these as it does at the moment: <c>dns:///host:port</c>, <c>file:///path</c>, with TLS <c>dns+https:</c>, <c>file+https:</c>.
/// </summary>
public sealed partial record ServiceAddress
{
    /// <summary>What <see cref="TryParse"/> takes to listen on, for error messages.</summary>
    public const string AllowedToListen = "http://host:port, https://host:port or unix:/absolute/path (at most 107 bytes)";

    /// <summary>What <see cref="TryParse"/> takes, for error messages.</summary>
    public const string Allowed = $"{AllowedToListen}; or dns:///host:port for all that the name resolves to, file:///path for a file's "
        + "lines host:port, dns+https: and file+https: for these with TLS";

    // sun_path of Linux's sockaddr_un holds 108 bytes with the terminating zero.
    private const int LongestSocketPath = 107;

    private ServiceAddress()
    {
    }

    /// <summary>Path of the unix socket; null for TCP.</summary>
    public string? SocketPath { get; private init; }

    /// <summary>True for TLS.</summary>
    public bool IsSecure { get; private init; }

    /// <summary>The file that lists addresses; null for all others.</summary>
    public string? ListPath { get; private init; }

    /// <summary>Whether it stands for every address that <see cref="ServiceNames"/> finds for it.</summary>
    public bool IsName { get; private init; }

    /// <summary>What a certificate must be of: the host, or what <c>https://ip:port?name=host</c> says.</summary>
    public string ServerName
    {
        get => field ?? Host;
        private init;
    }

    /// <summary>Host name or address without brackets; empty for a unix socket and a file.</summary>
    public string Host { get; private init; } = "";

    /// <summary>Port; 0 lets the system choose (listening only).</summary>
    public int Port { get; private init; }

    /// <summary>
    /// Last port of a range <c>http://host:5103-5199</c>, of which a listener takes the first free one; else <see cref="Port"/>.
    /// </summary>
    public int LastPort { get; private init; }

    /// <summary>True when a client can connect to it, that is when it is neither port 0 nor a range.</summary>
    public bool IsReachable => SocketPath is not null || ListPath is not null || (Port > 0 && Port == LastPort);

    /// <summary>True when its text says that nobody on another machine is meant: a unix socket, localhost or a loopback address.</summary>
    public bool IsLocal => SocketPath is not null || IsLocalhost || (IPAddress.TryParse(Host, out var ip) && IPAddress.IsLoopback(ip));

    /// <summary>True for the name that means every loopback address of a machine.</summary>
    internal bool IsLocalhost => Host.TrimEnd('.').Equals("localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>A unix socket.</summary>
    /// <exception cref="ArgumentException">The path is relative or too long for a socket.</exception>
    public static ServiceAddress Unix(string path) => Parse("unix:" + path);

    /// <summary>Reads an address.</summary>
    /// <exception cref="ArgumentException">It is none; the message says what is allowed.</exception>
    public static ServiceAddress Parse(string text) =>
        TryParse(text, out var address)
            ? address
            : throw new ArgumentException($"'{text}' is not an address; allowed: {Allowed}", nameof(text));

    /// <summary>Reads an address; false when it is none.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ServiceAddress? address)
    {
        address = null;
        if (text is null)
        {
            return false;
        }

        var name = NamePattern().Match(text);
        if (name.Success)
        {
            return TryParseName(name, out address);
        }

        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            var path = text["unix:".Length..];
            // unix:///path is the same as unix:/path; in unix://path, path would be a host.
            path = path.StartsWith("///", StringComparison.Ordinal) ? $"/{path.TrimStart('/')}" : path;
            if (!path.StartsWith('/') || path.StartsWith("//", StringComparison.Ordinal) || path.EndsWith('/')
                || path.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(path) > LongestSocketPath)
            {
                return false;
            }

            address = new ServiceAddress { SocketPath = path };
            return true;
        }

        var match = TcpPattern().Match(text);
        if (!match.Success
            || Uri.CheckHostName(match.Groups["host"].Value) == UriHostNameType.Unknown
            || (match.Groups["name"].Success && match.Groups["scheme"].Value != "https")
            || !TryPort(match.Groups["port"].Value, out var port))
        {
            return false;
        }

        var last = port;
        if (match.Groups["last"].Success && (!TryPort(match.Groups["last"].Value, out last) || last < port || port == 0))
        {
            return false;
        }

        address = new ServiceAddress
        {
            IsSecure = match.Groups["scheme"].Value == "https",
            Host = match.Groups["host"].Value.Trim('[', ']'),
            Port = port,
            LastPort = last,
            ServerName = match.Groups["name"] is { Success: true, Value: var server } ? server : null!,
        };
        return true;
    }

    /// <summary>One of the addresses that a DNS name stands for.</summary>
    internal ServiceAddress At(IPAddress ip) => this with
    {
        IsName = false,
        Host = ip.ToString(),
        ServerName = IsSecure ? Host : null!,
    };

    private static bool TryParseName(Match name, out ServiceAddress? address)
    {
        var (isSecure, place) = (name.Groups["tls"].Success, name.Groups["place"].Value);
        if (name.Groups["scheme"].Value == "file")
        {
            var isFile = place.Length > 0 && !place.EndsWith('/') && !place.Contains('\0', StringComparison.Ordinal);
            address = isFile ? new ServiceAddress { IsName = true, IsSecure = isSecure, ListPath = "/" + place } : null;
        }
        else
        {
            address = TryParse($"http://{place}", out var host) && host.IsReachable
                ? host with { IsName = true, IsSecure = isSecure }
                : null;
        }

        return address is not null;
    }

    /// <summary>The same address as this machine itself reaches it: every interface has the loopback one among them.</summary>
    public ServiceAddress OnThisMachine() => IPAddress.TryParse(Host, out var ip) switch
    {
        true when ip.Equals(IPAddress.Any) => this with { Host = "127.0.0.1" },
        true when ip.Equals(IPAddress.IPv6Any) => this with { Host = "::1" },
        _ => this,
    };

    /// <summary>The same address as other machines reach it, where every interface is meant.</summary>
    public ServiceAddress FromElsewhere() =>
        IPAddress.TryParse(Host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))
        ? this with { Host = Environment.MachineName }
        : this;

    /// <summary>The form that <see cref="Parse"/> reads.</summary>
    public override string ToString()
    {
        if (SocketPath is not null)
        {
            return $"unix:{SocketPath}";
        }

        var tls = IsSecure ? "+https" : "";
        if (ListPath is not null)
        {
            return $"file{tls}://{ListPath}";
        }

        var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        var range = LastPort > Port ? string.Create(CultureInfo.InvariantCulture, $"-{LastPort}") : "";
        var scheme = IsName ? $"dns{tls}:///" : IsSecure ? "https://" : "http://";
        var server = ServerName == Host ? "" : $"?name={ServerName}";
        return string.Create(CultureInfo.InvariantCulture, $"{scheme}{host}:{Port}{range}{server}");
    }

    private static bool TryPort(string digits, out int port) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65_535;

    [GeneratedRegex(
        @"^(?<scheme>https?)://(?<host>\[[^\]/]+\]|[^:/\[\]]+):(?<port>\d{1,5})(-(?<last>\d{1,5}))?/?(\?name=(?<name>[\w.-]+))?\z")]
    private static partial Regex TcpPattern();

    [GeneratedRegex(@"^(?<scheme>dns|file)(?<tls>\+https)?:///(?<place>.*)\z", RegexOptions.Singleline)]
    private static partial Regex NamePattern();
}
