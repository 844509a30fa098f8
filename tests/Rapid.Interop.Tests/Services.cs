using System.Text.RegularExpressions;

namespace Rapid.Interop.Tests;

/// <summary>Rapid's services as processes in a folder of their own, on ports that the system chooses.</summary>
internal sealed partial class Services : IAsyncDisposable
{
    public const string Token = "a-token-of-the-test";

    /// <summary>RAPID_MAX_MESSAGE of every service.</summary>
    public const int MaxMessage = 24 << 20;

    private readonly List<RapidProcess> _running = [];

    public TestFolder Folder { get; } = new();

    /// <summary>Outputs of all processes, for messages.</summary>
    public string Story => string.Join('\n', _running.Select(process => process.Output));

    /// <summary>Starts a service and waits until it listens.</summary>
    /// <param name="service">"replay", "learner", "actor" or "evaluator".</param>
    /// <param name="variables">Beside the token and the limit of messages.</param>
    /// <returns>The process, and the addresses in the order of RAPID_LISTEN.</returns>
    public async Task<(RapidProcess Process, string[] Addresses)> StartAsync(
        string service, IReadOnlyDictionary<string, string>? variables = null)
    {
        var all = new Dictionary<string, string>
        {
            ["RAPID_LISTEN"] = "http://127.0.0.1:0",
            ["RAPID_TOKEN"] = Token,
            ["RAPID_MAX_MESSAGE"] = $"{MaxMessage}",
            // Nobody is there: an actor or an evaluator that is not told of a learner must not find one of somebody else.
            ["RAPID_LEARNER"] = $"unix:{Folder.At("nobody")}",
            ["RAPID_REPLAY_CHECKPOINTS"] = Folder.At("checkpoints"),
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
        {
            all[name] = value;
        }

        var process = RapidProcess.Start(Folder.Path, [service], all);
        _running.Add(process);
        await Eventually.TrueAsync(() => process.HasExited || Listening().IsMatch(process.Output), () => process.Output);
        var line = Listening().Match(process.Output);
        return line.Success ? (process, line.Groups[1].Value.Split(", ")) : throw new InvalidOperationException(process.Output);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running)
        {
            await process.DisposeAsync();
        }

        Folder.Dispose();
    }

    [GeneratedRegex(@"listening on (.*)$", RegexOptions.Multiline)]
    private static partial Regex Listening();
}
