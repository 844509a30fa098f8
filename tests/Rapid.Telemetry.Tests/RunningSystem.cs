using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Actor;
using Rapid.Evaluator;
using Rapid.Hosting;
using Rapid.Learner;
using Rapid.Learner.Experiments;
using Rapid.Protocol.V1;
using Rapid.Replay;
using Rapid.Specs;

namespace Rapid.Telemetry.Tests;

/// <summary>All four services in this process, and a replay service with a certificate; what one of them serves to Prometheus has the meters
/// of all.</summary>
internal sealed class RunningSystem : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<WebApplication> _services = [];
    private readonly HttpClient _prometheus = new();

    public ExperimentRegistry Experiments => _services[1].Services.GetRequiredService<ExperimentRegistry>();

    /// <summary>Starts the services.</summary>
    /// <param name="actors">How many actors.</param>
    public static async Task<RunningSystem> StartAsync(int actors = 1)
    {
        var system = new RunningSystem();
        try
        {
            await system.RunAsync(actors);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Submits a run of an algorithm on CartPole or Pendulum that has all that there is to measure and does not end.</summary>
    public ExperimentRecord Submit(string algorithm) => Experiments.Submit(SpecReader.ReadYaml(
        $$"""
        environment: { name: {{(algorithm.Contains("sac", StringComparison.Ordinal) ? "Pendulum-v1" : "CartPole-v1")}} }
        algorithm: {{algorithm}}
        total_steps: 100000000
        actors: { count: 2 }
        network: { hidden_sizes: [16] }
        evaluation: { interval_steps: 2000, episodes: 2 }
        checkpoint: { interval_steps: 2000 }
        """));

    /// <summary>What a scrape has now.</summary>
    public Task<string> ScrapeAsync() => _prometheus.GetStringAsync(new Uri(new Uri(_services[0].Urls.Last()), "/metrics"));

    /// <summary>Scrapes until there is what is looked for.</summary>
    public async Task<string> ScrapeUntilAsync(Func<string, bool> isThere)
    {
        var scrape = "";
        await Eventually.TrueAsync(
            async () =>
            {
                scrape = await ScrapeAsync();
                return isThere(scrape);
            },
            () => scrape);
        return scrape;
    }

    /// <summary>Cancels a run and waits until it is over.</summary>
    public static async Task CancelAsync(ExperimentRecord record)
    {
        await record.Cancellation.CancelAsync();
        await Eventually.TrueAsync(() => record.State == ExperimentState.Cancelled, () => record.Error);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
        {
            await service.StopAsync();
            await service.DisposeAsync();
        }

        _prometheus.Dispose();
        _folder.Dispose();
    }

    private async Task RunAsync(int actors)
    {
        ServiceAddress Socket(string name) => ServiceAddress.Unix(_folder.At(name));
        var options = new ServiceOptions
        {
            Listen = [],
            Learner = Socket("l"),
            Replay = [Socket("r")],
            Runs = _folder.At("runs"),
            ActorSlots = 2,
            ParallelRuns = 2,
            StopsOnSignals = false,
        };
        var certificates = new Certificates(_folder);
        var secure = options with
        {
            Listen = [ServiceAddress.Parse("https://127.0.0.1:0")],
            TlsCertificate = certificates.Chain,
            TlsKey = certificates.Key,
        };
        await AddAsync(ReplayHost.Build(
            options with { Listen = [Socket("r")], MetricsListen = [ServiceAddress.Parse("http://127.0.0.1:0")] }, LogLevel.Error));
        await AddAsync(LearnerHost.Build(options with { Listen = [Socket("l")] }, LogLevel.Error));
        await AddAsync(EvaluatorHost.Build(options with { Listen = [Socket("e")] }, LogLevel.Error));
        for (var i = 0; i < actors; i++)
        {
            await AddAsync(ActorHost.Build(options with { Listen = [Socket($"a{i}")] }, LogLevel.Error));
        }

        await AddAsync(ReplayHost.Build(secure, LogLevel.Error));
    }

    private async Task AddAsync(WebApplication service)
    {
        _services.Add(service);
        await service.StartAsync();
    }
}
