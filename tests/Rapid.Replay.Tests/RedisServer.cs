using System.Diagnostics;

namespace Rapid.Replay.Tests;

/// <summary>A real redis-server with its data in a directory of its own; it can be killed and started again.</summary>
internal sealed class RedisServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

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
        Port = FreePorts.One();
        Start();
    }

    public int Port { get; }

    public string Configuration => $"127.0.0.1:{Port},abortConnect=false,connectTimeout=2000,syncTimeout=3000";

    public void Start() => _process = Process.Start(new ProcessStartInfo(
        "redis-server",
        [
            .. _isSecure ? (string[])["--tls-port", $"{Port}", "--port", "0", "--tls-auth-clients", "no"] : ["--port", $"{Port}"],
            "--bind", "127.0.0.1", "--dir", _directory, "--appendonly", "yes", "--save", "",
            "--loglevel", "warning", .. _settings,
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
    public Task<string> CommandAsync(params string[] command) => CommandAsync(Port, command);

    /// <summary>Asks whatever listens on a port.</summary>
    public static async Task<string> CommandAsync(int port, params string[] command)
    {
        using var client = Process.Start(new ProcessStartInfo("redis-cli", ["-p", $"{port}", .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var reply = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        return reply;
    }

    /// <summary>Asks again and again until the reply has a text in it.</summary>
    public Task WaitForAsync(string text, params string[] command) => WaitForAsync(Port, text, command);

    /// <summary>Asks whatever listens on a port, again and again until the reply has a text in it.</summary>
    public static async Task WaitForAsync(int port, string text, params string[] command)
    {
        var deadline = DateTime.UtcNow + Patience;
        var reply = "";
        while (!(reply = await CommandAsync(port, command)).Contains(text, StringComparison.Ordinal))
        {
            Assert.True(DateTime.UtcNow < deadline, $"{string.Join(' ', command)} gives {reply}, not {text}");
            await Task.Delay(30);
        }
    }

    public void Dispose()
    {
        Kill();
        Directory.Delete(_directory, recursive: true);
    }
}
