using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>The echo service as a process of its own, as a service is run, in a folder of its own.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    public ServiceProcess(string folder, params (string Name, string Value)[] environment)
    {
        // Whoever started the tests in the background of a script had SIGINT ignored, which children inherit.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", typeof(EchoService).Assembly.Location])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Bytes of memory that the process occupies now.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>A channel to the service, once it answers.</summary>
    public static async Task<GrpcChannel> ConnectAsync(string address, string? token = null)
    {
        var options = RunningService.Options() with { Token = token };
        var channel = Channels.Open(ServiceAddress.Parse(address), options);
        var until = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                await new Echo.EchoClient(channel).UnaryAsync(new Message(), deadline: DateTime.UtcNow.AddSeconds(5));
                return channel;
            }
            catch (RpcException) when (DateTime.UtcNow < until)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>"TERM", "INT" or "KILL".</summary>
    public async Task SignalAsync(string signal)
    {
        // The shell's own: a bare system has no program of that name.
        using var kill = Process.Start("sh", ["-c", $"kill -{signal} {_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for the end.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> EndAsync(TimeSpan? limit = null)
    {
        using var patience = new CancellationTokenSource(limit ?? Patience);
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, await _output, await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
