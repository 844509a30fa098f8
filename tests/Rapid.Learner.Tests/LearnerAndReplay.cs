using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Protocol.Specs;
using Rapid.Replay;
using Rapid.Specs;

namespace Rapid.Learner.Tests;

/// <summary>The real learner and the real replay service on unix sockets; each can be stopped and started again.</summary>
internal sealed class LearnerAndReplay : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rapid-test-");
    private WebApplication? _replay;
    private WebApplication? _learner;
    private GrpcChannel? _toLearner;
    private GrpcChannel? _toReplay;

    /// <summary>Limit of the services.</summary>
    public int MaxMessageBytes { get; init; } = 256 << 20;

    /// <summary>What trying a spec may take.</summary>
    public TrialLimits Trials { get; init; } = new();

    /// <summary>How long an environment is waited for.</summary>
    public TimeSpan EnvironmentPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Experiments that the learner runs at once.</summary>
    public int ParallelRuns { get; init; } = 1;

    /// <summary>What callers can ask for.</summary>
    public ServiceLimits Limits { get; init; } = new();

    public string Runs => Path.Combine(_directory.FullName, "runs");

    public GrpcChannel ToLearner => _toLearner ??= Channels.Open(Options.Learner, Options);

    public GrpcChannel ToReplay => _toReplay ??= Channels.Open(Options.Replay[0], Options);

    public ExperimentRegistry Registry => _learner!.Services.GetRequiredService<ExperimentRegistry>();

    public Protocol.V1.Replay.ReplayClient Replay => new(ToReplay);

    public Protocol.V1.Experiments.ExperimentsClient Experiments => new(ToLearner);

    public ServiceOptions Options => new()
    {
        Listen = [],
        Learner = Socket("learner"),
        Replay = [Socket("replay")],
        Runs = Runs,
        MaxMessageBytes = MaxMessageBytes,
        EnvironmentPatience = EnvironmentPatience,
        ParallelRuns = ParallelRuns,
        Limits = Limits,
    };

    /// <summary>A spec that nobody acts for: it runs until it is cancelled.</summary>
    public static ExperimentOptions Spec(int seed) => SpecReader.ReadYaml("environment: { name: CartPole-v1 }", [$"seed={seed}"]);

    public static async Task Until(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "what was waited for did not happen");
            await Task.Delay(10);
        }
    }

    public async Task StartReplayAsync(string? token = null)
    {
        _replay = ReplayHost.Build(Options with { Listen = [Socket("replay")], Token = token }, LogLevel.Critical);
        await _replay.StartAsync();
    }

    public async Task StopReplayAsync()
    {
        await _replay!.StopAsync();
        await _replay.DisposeAsync();
        _replay = null;
    }

    public async Task StartLearnerAsync()
    {
        _learner = LearnerHost.Build(Options with { Listen = [Socket("learner")] }, LogLevel.Critical, trials: Trials);
        await _learner.StartAsync();
    }

    /// <summary>Another learner on the same replay service; its caller stops it.</summary>
    /// <param name="socket">Where it listens.</param>
    /// <param name="runs">Its folder of runs; null: that of the first learner.</param>
    public async Task<WebApplication> StartOtherLearnerAsync(string socket, string? runs = null)
    {
        var learner = LearnerHost.Build(Options with { Listen = [Socket(socket)], Runs = runs ?? Runs }, LogLevel.Critical);
        try
        {
            await learner.StartAsync();
            return learner;
        }
        catch
        {
            await learner.DisposeAsync();
            throw;
        }
    }

    public async Task StopLearnerAsync()
    {
        await _learner!.StopAsync();
        await _learner.DisposeAsync();
        _learner = null;
    }

    public async ValueTask DisposeAsync()
    {
        _toLearner?.Dispose();
        _toReplay?.Dispose();
        if (_learner is not null)
        {
            await StopLearnerAsync();
        }

        if (_replay is not null)
        {
            await StopReplayAsync();
        }

        _directory.Delete(recursive: true);
    }

    public ServiceAddress Socket(string name) => ServiceAddress.Unix(Path.Combine(_directory.FullName, name));
}
