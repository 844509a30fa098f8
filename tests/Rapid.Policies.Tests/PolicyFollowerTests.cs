using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Policies.Tests;

public sealed class PolicyFollowerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly PolicyLayout Layout = Networks.Layout(3, 2, discrete: true);

    private readonly LogLines _log = new();

    [Fact]
    public async Task The_newest_snapshot_wins_and_is_there_for_everybody()
    {
        await using var server = await PolicyServer.StartAsync();
        await using var follower = Follow(server);
        var waiting = follower.WaitAsync(0, CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        server.Send(Snapshot(1));
        Assert.Equal(1, (await waiting.WaitAsync(Patience)).Version);

        server.Send(Snapshot(2));
        server.Send(Snapshot(5));

        Assert.Equal(5, (await follower.WaitAsync(4, CancellationToken.None).WaitAsync(Patience)).Version);
        var waits = Enumerable.Range(0, 4).Select(i => follower.WaitAsync(i, CancellationToken.None));
        var readers = await Task.WhenAll(waits).WaitAsync(Patience);
        Assert.All(readers, snapshot => Assert.Equal(5, snapshot.Version));
        Assert.Equal(Snapshot(5), readers[0]);
    }

    [Fact]
    public async Task A_slow_reader_skips_versions_and_never_goes_back()
    {
        const int Versions = 300;
        await using var server = await PolicyServer.StartAsync();
        await using var follower = Follow(server);
        var seen = new List<long> { 0 };
        server.Send(Snapshot(1));
        seen.Add((await follower.WaitAsync(0, CancellationToken.None).WaitAsync(Patience)).Version);
        for (var version = 2; version <= Versions; version++)
        {
            server.Send(Snapshot(version));
        }

        // While this reader is busy, another sees the last one arrive.
        await follower.WaitAsync(Versions - 1, CancellationToken.None).WaitAsync(Patience);
        seen.Add((await follower.WaitAsync(seen[^1], CancellationToken.None).WaitAsync(Patience)).Version);

        Assert.Equal([0, 1, Versions], seen);
    }

    [Fact]
    public async Task An_older_version_is_never_taken()
    {
        await using var server = await PolicyServer.StartAsync();
        await using var follower = Follow(server);
        server.Send(Snapshot(7));
        await follower.WaitAsync(6, CancellationToken.None).WaitAsync(Patience);
        var waiting = follower.WaitAsync(7, CancellationToken.None);

        server.Send(Snapshot(3));
        server.Send(Snapshot(7));
        server.Send(Snapshot(6));
        server.End(StatusCode.Unavailable);
        await PolicyServer.Until(() => server.Requests.Count == 2);

        Assert.Equal(7, (await follower.WaitAsync(0, CancellationToken.None).WaitAsync(Patience)).Version);
        Assert.False(waiting.IsCompleted);
        server.Send(Snapshot(8));
        Assert.Equal(8, (await waiting.WaitAsync(Patience)).Version);
    }

    [Fact]
    public async Task A_snapshot_for_another_network_is_refused_by_name_and_the_stream_goes_on()
    {
        await using var server = await PolicyServer.StartAsync();
        await using var follower = Follow(server);
        server.Send(Snapshot(1));
        var foreign = Snapshot(2);
        foreign.Graph = Networks.Layout(4, 2, discrete: true).Graph;
        var truncated = Snapshot(3);
        truncated.Parameters = ByteString.CopyFrom(truncated.Parameters.Span[..^4]);
        server.Send(foreign);
        server.Send(truncated);
        await PolicyServer.Until(() => Errors().Length == 2);

        Assert.Equal(1, (await follower.WaitAsync(0, CancellationToken.None).WaitAsync(Patience)).Version);
        server.Send(Snapshot(4));
        Assert.Equal(4, (await follower.WaitAsync(1, CancellationToken.None).WaitAsync(Patience)).Version);
        Assert.Single(server.Requests);
        var errors = Errors();
        Assert.Contains("version 2", errors[0], StringComparison.Ordinal);
        Assert.Contains(foreign.Graph.ToString(), errors[0], StringComparison.Ordinal);
        Assert.Contains(Layout.Graph.ToString(), errors[0], StringComparison.Ordinal);
        Assert.Contains("version 3", errors[1], StringComparison.Ordinal);
        Assert.Contains($"{Layout.Length * 4 - 4} bytes", errors[1], StringComparison.Ordinal);
        Assert.Contains($"need {Layout.Length * 4}", errors[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.Unknown)]
    [InlineData(StatusCode.Aborted)]
    public async Task A_broken_stream_is_opened_again_from_the_version_that_is_there(StatusCode status)
    {
        await using var server = await PolicyServer.StartAsync();
        await using var follower = new PolicyFollower(new(server.Channel), "run", evaluationsOnly: true, _log, Layout);
        server.Send(Snapshot(3));
        await follower.WaitAsync(0, CancellationToken.None).WaitAsync(Patience);

        server.End(status);
        server.Send(Snapshot(4));

        Assert.Equal(4, (await follower.WaitAsync(3, CancellationToken.None).WaitAsync(Patience)).Version);
        Assert.Equal(
            [("run", 0, true), ("run", 3, true)],
            server.Requests.Select(request => (request.Experiment, request.NewerThan, request.EvaluationsOnly)));
    }

    [Fact]
    public async Task A_server_that_goes_away_and_comes_back_is_followed_again()
    {
        await using var server = await PolicyServer.StartAsync();
        await using var follower = Follow(server);
        server.Send(Snapshot(1));
        await follower.WaitAsync(0, CancellationToken.None).WaitAsync(Patience);
        var waiting = follower.WaitAsync(1, CancellationToken.None);

        await server.StopAsync();
        Assert.Equal(1, (await follower.WaitAsync(0, CancellationToken.None).WaitAsync(Patience)).Version);
        await server.StartAgainAsync();
        server.Send(Snapshot(2));

        Assert.Equal(2, (await waiting.WaitAsync(Patience)).Version);
        Assert.Equal(1, server.Requests[^1].NewerThan);
    }

    [Fact]
    public async Task A_learner_that_is_not_there_yet_is_waited_for()
    {
        await using var server = await PolicyServer.StartAsync();
        await server.StopAsync();
        await using var follower = Follow(server);
        var waiting = follower.WaitAsync(0, CancellationToken.None);
        await PolicyServer.Until(() => _log.All.Count > 0);
        Assert.False(waiting.IsCompleted);

        await server.StartAgainAsync();
        server.Send(Snapshot(1));

        Assert.Equal(1, (await waiting.WaitAsync(Patience)).Version);
    }

    [Fact]
    public async Task An_unknown_experiment_is_reported_and_the_follower_can_still_be_disposed()
    {
        await using var server = await PolicyServer.StartAsync();
        var follower = Follow(server);
        server.End(StatusCode.NotFound);

        await PolicyServer.Until(() => _log.All.Count > 0);

        Assert.Contains("no policies for run: as the test says", _log.All.Single().Text, StringComparison.Ordinal);
        await follower.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Waiting_can_be_given_up_and_disposing_ends_the_call()
    {
        await using var server = await PolicyServer.StartAsync();
        var follower = Follow(server);
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follower.WaitAsync(0, impatient.Token).WaitAsync(Patience));

        await PolicyServer.Until(() => server.Requests.Count == 1);
        await follower.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Empty(Errors());
    }

    private PolicyFollower Follow(PolicyServer server) => new(new(server.Channel), "run", evaluationsOnly: false, _log, Layout);

    private string[] Errors() => [.. _log.All.Where(line => line.Level == LogLevel.Error).Select(line => line.Text)];

    private static PolicySnapshot Snapshot(long version) => new()
    {
        Experiment = "run",
        Version = version,
        Graph = Layout.Graph,
        Parameters = ByteString.CopyFrom(new byte[Layout.Length * sizeof(float)]),
    };
}
