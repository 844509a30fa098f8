namespace Rapid.EndToEnd.Tests;

/// <summary><c>rapid replay</c> as a process on a unix socket, and client commands against it.</summary>
internal sealed class ReplayProcess : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _address;
    private RapidProcess _process;

    private ReplayProcess(string folder, string name)
    {
        (_folder, _address) = (folder, $"unix:{Path.Combine(folder, name)}.sock");
        _process = Launch();
    }

    /// <summary>Where it is.</summary>
    public string Address => _address;

    /// <summary>Starts one and waits until it answers.</summary>
    public static async Task<ReplayProcess> StartAsync(string folder, string name = "replay")
    {
        var service = new ReplayProcess(folder, name);
        await service.WaitAsync();
        return service;
    }

    /// <summary>SIGKILL, and a new one.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = Launch();
        await WaitAsync();
    }

    /// <summary>A client command, <c>rapid replay ...</c>.</summary>
    public RapidProcess Start(params string[] arguments) =>
        RapidProcess.Start(_folder, ["replay", .. arguments], new Dictionary<string, string> { ["RAPID_REPLAY"] = _address });

    /// <summary>Runs a client command to its end.</summary>
    /// <returns>What it printed, without the title.</returns>
    public async Task<string> RunAsync(int expected, params string[] arguments)
    {
        await using var process = Start(arguments);
        var exitCode = await process.WaitAsync();
        Assert.True(expected == exitCode, $"{exitCode} instead of {expected}\n{process.Output}{_process.Output}");
        return process.Output[(process.Output.IndexOf('\n', StringComparison.Ordinal) + 1)..];
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private RapidProcess Launch() =>
        RapidProcess.Start(_folder, ["replay"], new Dictionary<string, string> { ["RAPID_LISTEN"] = _address });

    private Task WaitAsync() => Eventually.TrueAsync(
        () => _process.Output.Contains("listening on", StringComparison.Ordinal) || _process.HasExited, () => _process.Output);
}
