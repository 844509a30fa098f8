using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Interop.Tests;

/// <summary>A server in another language in the place of learner and replay service; says what it received. It can be killed and started
/// again.</summary>
internal sealed class StockServer : IAsyncDisposable
{
    private readonly List<RapidProcess> _lives = [];
    private readonly string _language;
    private readonly Certificates _certificates;
    private int _port;

    private StockServer(string language) => (_language, _certificates) = (language, new Certificates(Folder));

    public TestFolder Folder { get; } = new();

    /// <summary>What an actor is to do; the server adds its own address.</summary>
    public Assignment Assignment { get; init; } = new();

    /// <summary>What subscribers get; counts from the next start on.</summary>
    public PolicySnapshot Snapshot { get; set; } = new();

    /// <summary>Where it answers, by transport: "http", "unix" and "https".</summary>
    public Dictionary<string, string> Addresses { get; } = [];

    /// <summary>For clients: who is to be trusted, and the token.</summary>
    public Dictionary<string, string> Variables => new() { ["RAPID_TLS_CA"] = _certificates.Root, ["RAPID_TOKEN"] = Services.Token };

    /// <summary>What it printed in its present life.</summary>
    public IReadOnlyList<JsonNode> Lines =>
    [
        .. _lives[^1].Output.Split('\n').Where(line => line.StartsWith('{') && line.EndsWith('}')).Select(line => JsonNode.Parse(line)!),
    ];

    /// <summary>Outputs of all its lives, for messages.</summary>
    public string Story => string.Join('\n', _lives.Select(life => life.Output));

    public static async Task<StockServer> StartAsync(string language, Assignment? assignment = null, PolicySnapshot? snapshot = null)
    {
        var server = new StockServer(language) { Assignment = assignment ?? new Assignment(), Snapshot = snapshot ?? new PolicySnapshot() };
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it, from the second time on the same port.</summary>
    public async Task StartAgainAsync()
    {
        var config = JsonSerializer.Serialize(new
        {
            port = _port,
            socket = Folder.At($"{_lives.Count}.sock"),
            certificate = _certificates.Chain,
            key = _certificates.Key,
            assignment = Assignment.ToByteString().ToBase64(),
            snapshot = Snapshot.ToByteString().ToBase64(),
        });
        _lives.Add(await Peers.StartAsync(_language, "server", Folder.Path, [config]));
        await UntilAsync(() => Lines.Count > 0);
        foreach (var (transport, address) in Lines[0]["addresses"]!.AsObject())
        {
            Addresses[transport] = (string)address!;
        }

        _port = new Uri(Addresses["http"]).Port;
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _lives[^1].KillAsync();

    /// <summary>The calls of a method in its present life, as it received them.</summary>
    public IReadOnlyList<JsonNode> Calls(string method) => [.. Lines.Where(line => (string?)line["call"] == method)];

    /// <summary>The blocks that were appended in its present life.</summary>
    public IReadOnlyList<JsonNode> Blocks() => [.. Lines.Select(line => line["block"]).OfType<JsonNode>()];

    /// <summary>Returns once its client has given up a call of this method.</summary>
    public Task UntilCancelledAsync(string method) => UntilAsync(() => Lines.Any(line => (string?)line["cancelled"] == method));

    /// <summary>Returns when the condition holds.</summary>
    public Task UntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        () => condition() || (_lives[^1].HasExited ? throw new InvalidOperationException(Story) : false), () => Story);

    public async ValueTask DisposeAsync()
    {
        foreach (var life in _lives)
        {
            await life.DisposeAsync();
        }

        Folder.Dispose();
    }
}
