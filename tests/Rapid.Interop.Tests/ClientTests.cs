using Grpc.Core;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Interop.Tests;

/// <summary>Rapid's client commands, and its channels, against stock servers of other languages.</summary>
public class ClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("node", "http")]
    [InlineData("node", "unix")]
    [InlineData("node", "https")]
    [InlineData("python", "http")]
    [InlineData("python", "unix")]
    [InlineData("python", "https")]
    public async Task A_stock_server_is_reached_over_every_transport(string language, string transport)
    {
        await using var server = await StockServer.StartAsync(language);
        var output = await RunAsync(server, 0, "list", "--learner", server.Addresses[transport]);
        Assert.Matches(@"träger-1 +running +500 +1000", output);
        Assert.Matches(@"träger-2 +pending +0 +1000", output);
        Assert.Equal($"Bearer {Services.Token}", (string?)server.Calls("List").Single()["authorization"]);
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task Client_commands_ask_and_show_what_a_stock_server_says(string language)
    {
        await using var server = await StockServer.StartAsync(language);
        var spec = server.Folder.Write("spec.yaml", "name: träger\ntotal_steps: 1000\nenvironment: { name: CartPole-v1 }\n");
        string[] learner = ["--learner", server.Addresses["http"]];
        Assert.Contains(
            "träger-1", await RunAsync(server, 0, ["submit", spec, "--submitter", "bärbel", .. learner]), StringComparison.Ordinal);
        var submitted = server.Calls("Submit").Single();
        Assert.Equal("träger", (string?)submitted["name"]);
        Assert.Equal(1000, (int?)submitted["total_steps"]);
        Assert.Equal("CartPole-v1", (string?)submitted["environment"]);
        Assert.Equal("bärbel", (string?)submitted["submitter"]);

        var watched = await RunAsync(server, 0, ["watch", "träger-1", .. learner]);
        Assert.Contains("step 1000/1000", watched, StringComparison.Ordinal);
        Assert.Contains("return 42", watched, StringComparison.Ordinal);
        Assert.Contains("finished träger-1: no evaluation, 1,000 steps", watched, StringComparison.Ordinal);
        var cancelled = await RunAsync(server, 0, ["cancel", "träger-1", .. learner]);
        Assert.Contains("träger-1 cancelled at step 500", cancelled, StringComparison.Ordinal);

        var refused = await RunAsync(server, 2, ["submit", spec, "--set", "name=refused", .. learner]);
        Assert.Contains("name: „refused“ gefällt nicht 😈", refused, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task Replay_commands_read_a_stock_server_to_the_end_of_its_stream(string language)
    {
        await using var server = await StockServer.StartAsync(language);
        string[] replay = ["--replay", server.Addresses["http"]];
        Assert.Matches(@"träger/☺ +uniform +block +memory +24/100 +3 ", await RunAsync(server, 0, ["replay", "stats", .. replay]));
        var exported = await RunAsync(server, 0, ["replay", "export", "träger/☺", server.Folder.At("export"), .. replay]);
        Assert.Contains("3 blocks, 24 steps", exported, StringComparison.Ordinal);
        Assert.Equal("träger/☺", (string?)server.Calls("Export").Single()["table"]);
        Assert.All(server.Calls("Stats"), call => Assert.Equal($"Bearer {Services.Token}", (string?)call["authorization"]));
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task Who_stops_watching_ends_the_call_of_a_stock_server(string language)
    {
        await using var server = await StockServer.StartAsync(language);
        await using var watch = Start(server, "watch", "endless", "--learner", server.Addresses["http"]);
        await server.UntilAsync(() => server.Calls("Watch").Count > 0 && watch.Output.Contains("step 500", StringComparison.Ordinal));
        watch.Interrupt();
        Assert.Equal(130, await watch.WaitAsync());
        await server.UntilCancelledAsync("Watch");
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task A_stock_server_that_dies_in_the_middle_of_a_stream_is_asked_again_when_it_is_back(string language)
    {
        await using var server = await StockServer.StartAsync(language);
        await using var watch = Start(server, "watch", "endless", "--learner", server.Addresses["http"]);
        await server.UntilAsync(() => watch.Output.Contains("step 500", StringComparison.Ordinal));
        await server.KillAsync();
        var list = await RunAsync(server, 3, "list", "--learner", server.Addresses["http"]);
        Assert.Contains($"the learner at {server.Addresses["http"]} does not answer", list, StringComparison.Ordinal);
        await server.StartAgainAsync();
        await server.UntilAsync(() => server.Calls("Watch").Count > 0);
        watch.Interrupt();
        Assert.Equal(130, await watch.WaitAsync());
    }

    [Theory]
    [MemberData(nameof(Peers.Languages), MemberType = typeof(Peers))]
    public async Task Deadlines_and_cancellation_reach_a_stock_server(string language)
    {
        await using var server = await StockServer.StartAsync(language);
        var options = new ServiceOptions { Listen = [], Token = Services.Token };
        using var channel = Channels.Open(ServiceAddress.Parse(server.Addresses["http"]), options);
        var client = new Replay.ReplayClient(channel);
        var request = new StatsRequest { Prefix = "never" };

        using var late = client.StatsAsync(request, deadline: DateTime.UtcNow.AddSeconds(1));
        var error = await Assert.ThrowsAsync<RpcException>(() => late.ResponseAsync.WaitAsync(Patience));
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await server.UntilCancelledAsync("Stats");

        using var cancellation = new CancellationTokenSource();
        using var given = client.StatsAsync(request, cancellationToken: cancellation.Token);
        await server.UntilAsync(() => server.Calls("Stats").Count == 2);
        await cancellation.CancelAsync();
        error = await Assert.ThrowsAsync<RpcException>(() => given.ResponseAsync.WaitAsync(Patience));
        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        await server.UntilAsync(() => server.Lines.Count(line => (string?)line["cancelled"] == "Stats") == 2);
    }

    private static RapidProcess Start(StockServer server, params string[] arguments) =>
        RapidProcess.Start(server.Folder.Path, arguments, server.Variables);

    private static async Task<string> RunAsync(StockServer server, int exitCode, params string[] arguments)
    {
        await using var command = Start(server, arguments);
        Assert.True(await command.WaitAsync() == exitCode, command.Output + server.Story);
        return command.Output;
    }
}
