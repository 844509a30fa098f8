using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Rapid.Replay.Tests;

/// <summary>A real redis-server with its data in a directory of its own; it can be killed and started again.</summary>
internal sealed class RedisServer : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("rapid-redis-").FullName;
    private readonly string[] _settings;
    private readonly bool _isSecure;
    private Process? _process;

    /// <param name="fsync"><c>appendfsync</c>.</param>
    /// <param name="isSecure">Whether its port speaks TLS only.</param>
    /// <param name="more">More of redis.conf: <c>--name value</c>.</param>
    public RedisServer(string fsync = "always", bool isSecure = false, params string[] more)
    {
        (_settings, _isSecure) = (["--appendfsync", fsync, .. more], isSecure);
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        Start();
    }

    public int Port { get; }

    public string Configuration => $"127.0.0.1:{Port},abortConnect=false,connectTimeout=2000,syncTimeout=3000";

    public void Start() => _process = Process.Start(new ProcessStartInfo(
        "redis-server",
        [
            .. _isSecure ? (string[])["--tls-port", $"{Port}", "--port", "0", "--tls-auth-clients", "no"] : ["--port", $"{Port}"],
            "--bind", "127.0.0.1", "--dir", _directory, "--appendonly", "yes", "--save", "", .. _settings,
        ])
    {
        RedirectStandardOutput = true,
    });

    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    /// <summary>Asks the server something by itself, not through the service.</summary>
    public async Task<string> CommandAsync(params string[] command)
    {
        using var client =
            Process.Start(new ProcessStartInfo("redis-cli", ["-p", $"{Port}", .. command]) { RedirectStandardOutput = true })!;
        var reply = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        return reply;
    }

    public void Dispose()
    {
        Kill();
        Directory.Delete(_directory, recursive: true);
    }
}
