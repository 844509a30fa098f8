using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Agents;
using Rapid.Agents.Ppo;
using Rapid.Core;
using Rapid.Hosting;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Evaluator.Tests;

public sealed class ExhibitionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-test-");
    private WebApplication _service = null!;
    private GrpcChannel _channel = null!;

    private Exhibition Exhibition => _service.Services.GetRequiredService<Exhibition>();

    private EvaluationFrames.EvaluationFramesClient Client => new(_channel);

    public async ValueTask InitializeAsync()
    {
        // No learner answers: what there is to see comes from the tests.
        var options = new ServiceOptions
        {
            Listen = [ServiceAddress.Unix(Path.Combine(_folder.FullName, "evaluator"))],
            Learner = ServiceAddress.Unix(Path.Combine(_folder.FullName, "learner")),
        };
        _service = EvaluatorHost.Build(options, LogLevel.None);
        await _service.StartAsync();
        _channel = Channels.Open(options.Listen[0], options);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _service.StopAsync();
        await _service.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("CartPole-v1", 480, 320)]
    [InlineData("HalfCheetah-v4", 320, 320)]
    public async Task A_watcher_sees_the_episode_go_on(string environment, uint width, uint height)
    {
        var spec = Spec(environment);
        Exhibition.Show(spec, Snapshot(spec, version: 7));
        var frames = await TakeAsync(4);
        Assert.All(frames, frame =>
        {
            Assert.Equal(("test", 7L, 700L), (frame.Experiment, frame.PolicyVersion, frame.Step));
            Assert.Equal((width, height), (frame.Width, frame.Height));
            Assert.Equal([0x89, 0x50, 0x4E, 0x47], frame.Png.Span[..4].ToArray());
        });
        Assert.True(frames.Zip(frames.Skip(1)).All(pair =>
            (pair.First.Episode, pair.First.EpisodeStep).CompareTo((pair.Second.Episode, pair.Second.EpisodeStep)) < 0));
        Assert.Equal(4, frames.Select(frame => frame.Png).Distinct().Count());
    }

    [Fact]
    public async Task What_is_played_is_the_evaluation_again()
    {
        var spec = Spec("CartPole-v1");
        var snapshot = Snapshot(spec, version: 1);
        using var evaluator = new PolicyEvaluator(spec);
        var report = evaluator.Evaluate(snapshot, episodes: 3, spec.Seed, CancellationToken.None);
        Exhibition.Show(spec, snapshot);
        Dictionary<uint, (uint Steps, double Return)> ends = [];
        await foreach (var frame in WatchAsync(0))
        {
            ends[frame.Episode] = (frame.EpisodeStep, frame.EpisodeReturn);
            if (frame.Episode == 3)
            {
                break;
            }
        }

        Assert.Equal(report.Lengths.Zip(report.Returns), [ends[0], ends[1], ends[2]]);
    }

    [Fact]
    public async Task Whoever_comes_when_nobody_watches_sees_the_beginning()
    {
        var spec = Spec("Pendulum-v1");
        Exhibition.Show(spec, Snapshot(spec, version: 1));
        for (var visit = 0; visit < 2; visit++)
        {
            await using var frames = Exhibition.WatchAsync(CancellationToken.None).GetAsyncEnumerator();
            Assert.True(await frames.MoveNextAsync());
            Assert.Equal((0u, 0u), (frames.Current.Episode, frames.Current.EpisodeStep));
            Assert.True(await frames.MoveNextAsync());
        }
    }

    [Fact]
    public async Task A_new_policy_is_seen_from_the_next_episode_on_and_another_run_too()
    {
        var (cart, pendulum) = (Spec("CartPole-v1"), Spec("Acrobot-v1", maxEpisodeSteps: 5));
        Exhibition.Show(cart, Snapshot(cart, version: 1));
        List<(long Version, uint Width)> seen = [];
        await foreach (var frame in WatchAsync(0))
        {
            if (seen.Count == 0 || seen[^1] != (frame.PolicyVersion, frame.Width))
            {
                seen.Add((frame.PolicyVersion, frame.Width));
                switch (seen.Count)
                {
                    case 1:
                        Exhibition.Show(cart, Snapshot(cart, version: 2));
                        break;
                    case 2:
                        Exhibition.Show(pendulum, Snapshot(pendulum, version: 3));
                        break;
                }
            }

            if (seen.Count == 3)
            {
                break;
            }
        }

        Assert.Equal([(1, 480), (2, 480), (3, 320)], seen);
    }

    [Fact]
    public async Task A_watcher_that_does_not_look_misses_pictures_and_delays_nobody()
    {
        var spec = Spec("Pendulum-v1");
        Exhibition.Show(spec, Snapshot(spec, version: 1));
        await using var slow = Exhibition.WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await slow.MoveNextAsync());
        var first = slow.Current;
        var frames = await TakeAsync(10);
        Assert.True(await slow.MoveNextAsync());
        Assert.InRange(slow.Current.EpisodeStep, first.EpisodeStep + 10, uint.MaxValue);
        Assert.InRange((long)frames[^1].EpisodeStep - slow.Current.EpisodeStep, -10, 10);
    }

    [Fact]
    public async Task A_lower_rate_gets_fewer_pictures()
    {
        var spec = Spec("Pendulum-v1");
        Exhibition.Show(spec, Snapshot(spec, version: 1));
        List<uint> steps = [];
        await foreach (var frame in WatchAsync(3))
        {
            steps.Add(frame.EpisodeStep);
            if (steps.Count == 4)
            {
                break;
            }
        }

        // A third of a second is between six and seven steps; the machine may be slow, never fast.
        Assert.InRange(steps[3] - steps[1], 8u, uint.MaxValue);
    }

    [Fact]
    public async Task Too_many_watchers_are_refused_and_welcome_when_others_have_gone()
    {
        List<IAsyncEnumerator<EvaluationFrame>> watchers = [];
        using var stop = new CancellationTokenSource();
        List<Task> waiting = [];
        for (var i = 0; i < Exhibition.MostWatchers; i++)
        {
            var watcher = Exhibition.WatchAsync(stop.Token).GetAsyncEnumerator(stop.Token);
            watchers.Add(watcher);
            waiting.Add(watcher.MoveNextAsync().AsTask());
        }

        var error = await Assert.ThrowsAsync<RpcException>(() => TakeAsync(1));
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
        foreach (var watcher in watchers)
        {
            await watcher.DisposeAsync();
        }

        var spec = Spec("Pendulum-v1");
        Exhibition.Show(spec, Snapshot(spec, version: 1));
        Assert.Single(await TakeAsync(1));
    }

    [Fact]
    public async Task What_goes_wrong_is_told_to_the_watchers_and_the_next_ones_see_again()
    {
        var spec = Spec("Pendulum-v1");
        Exhibition.Show(spec with { Environment = new EnvironmentOptions { Name = "Nowhere-v1" } }, Snapshot(spec, version: 1));
        var error = await Assert.ThrowsAsync<RpcException>(() => TakeAsync(1));
        Assert.Contains("'Nowhere-v1' is not an environment", error.Status.Detail, StringComparison.Ordinal);
        Exhibition.Show(spec, Snapshot(spec, version: 2));
        Assert.Equal(2, (await TakeAsync(1))[0].PolicyVersion);
    }

    [Fact]
    public async Task An_impossible_rate_is_refused()
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (var _ in WatchAsync(16))
            {
            }
        });
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal("frames_per_second: 16 is out of range 1..15 (0 for 15)", error.Status.Detail);
    }

    [Fact]
    public async Task After_the_end_of_a_run_there_is_nothing_new_to_see()
    {
        var spec = Spec("Acrobot-v1", maxEpisodeSteps: 3);
        Exhibition.Show(spec, Snapshot(spec, version: 1));
        uint last = 0;
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var frame in Exhibition.WatchAsync(stop.Token))
            {
                last = frame.Episode;
                if (last == 1)
                {
                    // The episode that is shown ends; what follows would be the next.
                    Exhibition.Close(spec);
                    stop.CancelAfter(TimeSpan.FromSeconds(1));
                }
            }
        });
        Assert.Equal(1u, last);
    }

    private static ExperimentOptions Spec(string environment, int? maxEpisodeSteps = null) => new()
    {
        Name = "test",
        Environment = new EnvironmentOptions { Name = environment, MaxEpisodeSteps = maxEpisodeSteps },
        Algorithm = new PpoOptions(),
        Network = new NetworkOptions { HiddenSizes = [8] },
        Normalization = new NormalizationOptions(),
    };

    private static PolicySnapshot Snapshot(ExperimentOptions spec, long version)
    {
        using var environment = EnvironmentFactory.Create(spec.Environment);
        var layout = ExperimentPolicy.LayoutOf(spec, environment.ObservationSpace, environment.ActionSpace);
        var parameters = new float[layout.Length];
        Initializer.Initialize(layout, spec.Network, new RandomStream((ulong)version), parameters);
        return new PolicySnapshot
        {
            Experiment = "test",
            Version = version,
            Step = 100 * version,
            Graph = layout.Graph,
            Parameters = TensorCodec.ToByteString<float>(parameters),
        };
    }

    private async IAsyncEnumerable<EvaluationFrame> WatchAsync(uint rate)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var call = Client.Watch(new WatchFramesRequest { FramesPerSecond = rate }, cancellationToken: patience.Token);
        await foreach (var frame in call.ResponseStream.ReadAllAsync(patience.Token))
        {
            yield return frame;
        }
    }

    private async Task<List<EvaluationFrame>> TakeAsync(int count)
    {
        List<EvaluationFrame> frames = [];
        await foreach (var frame in WatchAsync(0))
        {
            frames.Add(frame);
            if (frames.Count == count)
            {
                break;
            }
        }

        return frames;
    }
}
