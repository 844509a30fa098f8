using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Rapid.Actor;
using Rapid.Evaluator;
using Rapid.Hosting;
using Rapid.Learner;
using Rapid.Learner.Experiments;
using Rapid.Replay;

namespace Rapid.Cli.Training;

/// <summary>All four services in this process, over unix sockets in a private folder.</summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    private readonly DirectoryInfo _sockets;
    private readonly IReadOnlyList<WebApplication> _services;
    private readonly WebApplication _learner;

    private LocalCluster(DirectoryInfo sockets, WebApplication learner, IReadOnlyList<WebApplication> services) =>
        (_sockets, _learner, _services) = (sockets, learner, services);

    /// <summary>What its services allow: nobody else sends anything here.</summary>
    public static ServiceOptions Limits { get; } = new() { Listen = [], MaxMessageBytes = Array.MaxLength, StopsOnSignals = false };

    /// <summary>The learner's experiments.</summary>
    public ExperimentRegistry Experiments => _learner.Services.GetRequiredService<ExperimentRegistry>();

    /// <summary>Each cancelled when a service stops, whether it was told to or its work has failed.</summary>
    public IEnumerable<CancellationToken> Stopping => _services.Select(service => service.Lifetime.ApplicationStopping);

    /// <summary>Builds and starts the services.</summary>
    /// <param name="runs">Folder of the runs.</param>
    /// <param name="slots">Slots that the actor may fill.</param>
    /// <param name="log">Takes the services' log, which must not run into the view.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<LocalCluster> StartAsync(string runs, int slots, TextWriter log, CancellationToken cancellation)
    {
        // Only this user may enter it: no token and no TLS are needed inside.
        var sockets = Directory.CreateTempSubdirectory("rapid-");
        ServiceAddress Socket(string name) => ServiceAddress.Unix(Path.Combine(sockets.FullName, name));
        var options = Limits with
        {
            Learner = Socket("learner"),
            Replay = [Socket("replay")],
            Redis = ServiceOptionsReader.Read(ServiceKind.Replay).Redis,
            Runs = runs,
            ActorSlots = slots,
        };

        // Console loggers keep the writer that the console has when they are made.
        var console = Console.Out;
        Console.SetOut(log);
        LocalCluster cluster;
        try
        {
            var learner = LearnerHost.Build(options with { Listen = [Socket("learner")], Redis = null }, recover: false);
            cluster = new LocalCluster(
                sockets,
                learner,
                [
                    ReplayHost.Build(options with { Listen = [Socket("replay")] }),
                    learner,
                    EvaluatorHost.Build(options with { Listen = [Socket("evaluator")] }),
                    ActorHost.Build(options with { Listen = [Socket("actor")] }),
                ]);
        }
        finally
        {
            Console.SetOut(console);
        }

        try
        {
            foreach (var service in cluster._services)
            {
                await service.StartAsync(cancellation);
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Removes the folder of the sockets, when the process must end at once.</summary>
    public void Abandon() => _sockets.Delete(recursive: true);

    /// <summary>Stops the services, the learner first: it writes a checkpoint. Once is enough.</summary>
    public async Task StopAsync()
    {
        await _learner.StopAsync();
        foreach (var service in _services.Reverse())
        {
            await service.StopAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }

        _sockets.Delete(recursive: true);
    }
}
