using System.Diagnostics;

namespace Rapid.Replay.Tests;

/// <summary>One real sentinel, whose word is enough to promote a replica.</summary>
internal sealed class RedisSentinel : IDisposable
{
    /// <summary>What it calls the master.</summary>
    public const string Name = "rapid";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rapid-sentinel-");
    private readonly int _port = FreePorts.One();
    private readonly Process _process;

    /// <param name="master">Port of the master; its replicas are found through it.</param>
    public RedisSentinel(int master)
    {
        var file = Path.Combine(_directory.FullName, "sentinel.conf");
        File.WriteAllText(file, $"""
            port {_port}
            bind 127.0.0.1
            dir {_directory.FullName}
            loglevel warning
            sentinel monitor {Name} 127.0.0.1 {master} 1
            sentinel down-after-milliseconds {Name} 500
            sentinel failover-timeout {Name} 3000
            """);
        _process = Process.Start(new ProcessStartInfo("redis-server", [file, "--sentinel"]) { RedirectStandardOutput = true })!;
    }

    public string Configuration => $"127.0.0.1:{_port},serviceName={Name},connectTimeout=2000,syncTimeout=3000";

    /// <summary>Asks again and again until the reply has a text in it.</summary>
    public Task WaitForAsync(string text, params string[] command) => RedisServer.WaitForAsync(_port, text, command);

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _directory.Delete(recursive: true);
    }
}
