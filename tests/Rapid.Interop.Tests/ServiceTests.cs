using System.Text.Json;

namespace Rapid.Interop.Tests;

/// <summary>Stock clients of other languages against Rapid's services.</summary>
public class ServiceTests
{
    /// <summary>What every service offers.</summary>
    private static readonly (string Service, string[] Names)[] Surfaces =
    [
        ("actor", []),
        ("evaluator", ["rapid.v1.EvaluationFrames"]),
        ("learner", ["rapid.v1.Assignments", "rapid.v1.Evaluations", "rapid.v1.Experiments", "rapid.v1.Policies"]),
        ("replay", ["rapid.v1.Replay"]),
    ];

    /// <summary>Calls that a client makes knowing them from reflection alone.</summary>
    private static readonly Dictionary<string, string> UnaryCalls = new()
    {
        ["rapid.v1.Experiments"] = "List",
        ["rapid.v1.Replay"] = "Stats",
    };

    [Theory]
    [InlineData("node", "http")]
    [InlineData("node", "unix")]
    [InlineData("node", "https")]
    [InlineData("python", "http")]
    [InlineData("python", "unix")]
    [InlineData("python", "https")]
    public async Task A_stock_client_makes_every_call_of_replay(string language, string transport)
    {
        await using var services = new Services();
        var config = await StartReplayAsync(services, transport);
        await Peers.RunCasesAsync(language, "replay", services.Folder.Path, config, () => services.Story);
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task A_stock_client_reads_slowly_and_sends_large_and_compressed_messages(string language)
    {
        await using var services = new Services();
        var config = await StartReplayAsync(services, "http");
        await Peers.RunCasesAsync(language, "bulk", services.Folder.Path, config, () => services.Story);
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task A_stock_client_submits_and_watches_and_holds_slots(string language)
    {
        await using var services = new Services();
        var config = await StartLearnerAsync(services);
        await Peers.RunCasesAsync(language, "learner", services.Folder.Path, config, () => services.Story);
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task A_run_is_finished_by_an_actor_and_an_evaluator_in_another_language(string language)
    {
        await using var services = new Services();
        var config = await StartLearnerAsync(services);
        await Peers.RunCasesAsync(language, "training", services.Folder.Path, config, () => services.Story);
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task Every_service_tells_a_stock_client_its_health_and_its_methods(string language)
    {
        await using var services = new Services();
        var started = await Task.WhenAll(Surfaces.Select(surface => services.StartAsync(surface.Service)));
        foreach (var ((_, names), (_, addresses)) in Surfaces.Zip(started))
        {
            var config = new { address = HostOf(addresses[0]), token = Services.Token, services = names, calls = UnaryCalls };
            await Peers.RunCasesAsync(language, "hosting", services.Folder.Path, config, () => services.Story);
        }
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task Who_watches_the_health_of_a_service_hears_that_it_stops(string language)
    {
        await using var services = new Services();
        var (process, addresses) = await services.StartAsync("replay");
        await using var client = await Peers.StartAsync(
            language, "client", services.Folder.Path, ["stopping", JsonSerializer.Serialize(new { address = HostOf(addresses[0]) })]);
        await Eventually.TrueAsync(
            () => client.HasExited || client.Output.Contains("watching", StringComparison.Ordinal), () => client.Output + services.Story);
        process.Interrupt();
        Assert.True(await client.WaitAsync() == 0, client.Output + services.Story);
        Assert.Equal(0, await process.WaitAsync());
    }

    private static async Task<object> StartReplayAsync(Services services, string transport)
    {
        var certificates = new Certificates(services.Folder);
        var (_, addresses) = await services.StartAsync("replay", new Dictionary<string, string>
        {
            ["RAPID_LISTEN"] = transport == "unix" ? $"unix:{services.Folder.At("replay.sock")}" : $"{transport}://127.0.0.1:0",
            ["RAPID_TLS_CERTIFICATE"] = certificates.Chain,
            ["RAPID_TLS_KEY"] = certificates.Key,
        });
        return new
        {
            address = HostOf(addresses[0]),
            ca = transport == "https" ? certificates.Root : null,
            token = Services.Token,
            maxMessage = Services.MaxMessage,
        };
    }

    private static async Task<object> StartLearnerAsync(Services services)
    {
        var (_, replay) = await services.StartAsync("replay");
        var (_, learner) = await services.StartAsync("learner", new Dictionary<string, string> { ["RAPID_REPLAY"] = replay[0] });
        return new { address = HostOf(learner[0]), token = Services.Token, replay = replay[0] };
    }

    /// <summary>As the other languages write it: "127.0.0.1:5101" or "unix:/path".</summary>
    private static string HostOf(string address) => address.Split("://") is [_, var host] ? host : address;
}
