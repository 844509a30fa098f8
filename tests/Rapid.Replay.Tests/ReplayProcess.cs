using System.Diagnostics;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Replay.Tests;

/// <summary>The real service in a process of its own, on a unix socket; it can be killed and started again.</summary>
internal sealed class ReplayProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("rapid-replay-").FullName;
    private Process? _process;

    private readonly Dictionary<string, string> _environment;
    private readonly StringBuilder _said = new();

    private ReplayProcess(string? redis, Dictionary<string, string> environment) => (Redis, _environment) = (redis, environment);

    /// <summary>RAPID_REDIS of its next life.</summary>
    public string? Redis { get; set; }

    public GrpcChannel Channel { get; private set; } = null!;

    public Protocol.V1.Replay.ReplayClient Client => new(Channel);

    /// <summary>All that it has said, in all of its lives.</summary>
    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    /// <summary>Bytes of memory that the process has.</summary>
    public long WorkingSet
    {
        get
        {
            _process!.Refresh();
            return _process.WorkingSet64;
        }
    }

    public ServiceAddress Address => ServiceAddress.Unix(Path.Combine(_directory, "replay.sock"));

    public static async Task<ReplayProcess> StartAsync(string? redis = null, Dictionary<string, string>? environment = null)
    {
        var service = new ReplayProcess(redis, environment ?? []);
        service.Channel = Channels.Open(service.Address, new ServiceOptions { Listen = [] });
        await service.LaunchAsync();
        return service;
    }

    /// <summary>Starts a service that cannot go on with its Redis, and waits until it ends.</summary>
    /// <returns>Its exit code, and all that it said.</returns>
    public static async Task<(int Code, string Said)> FailAsync(string redis, Dictionary<string, string>? environment = null)
    {
        var service = new ReplayProcess(redis, environment ?? []);
        using var process = Process.Start(service.HowToStart())!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(Patience);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            process.Kill();
            Directory.Delete(service._directory, recursive: true);
        }
    }

    /// <summary>Starts it.</summary>
    public void Launch()
    {
        _process = Process.Start(HowToStart())!;
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Starts it and waits until it answers.</summary>
    public async Task LaunchAsync()
    {
        Launch();
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                await Client.StatsAsync(new StatsRequest(), deadline: DateTime.UtcNow.AddSeconds(2));
                return;
            }
            catch (RpcException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(50);
            }
        }
    }

    private void Note(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }

    private ProcessStartInfo HowToStart()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ReplayHost).Assembly.Location])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["RAPID_LISTEN"] = Address.ToString();
        if (Redis is not null)
        {
            start.Environment["RAPID_REDIS"] = Redis;
        }

        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        Channel.Dispose();
        await Task.Yield();
        Directory.Delete(_directory, recursive: true);
    }
}
