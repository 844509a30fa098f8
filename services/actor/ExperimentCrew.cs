using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Rapid.Agents;
using Rapid.Environments;
using Rapid.Environments.Registry;
using Rapid.Hosting;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Actor;

/// <summary>The rollout workers of one experiment in this process; they share one policy subscription and one connection to each replay
/// service.</summary>
internal sealed class ExperimentCrew : IAsyncDisposable
{
    // Of a slot in a row; then it begins new episodes. What always fails at one place of a game would otherwise do so for ever.
    private const int MostFailedTakeovers = 2;

    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly Assignments.AssignmentsClient _assignments;
    private readonly Assignment _work;
    private readonly ExperimentOptions _options;
    private readonly string _worker;
    private readonly TimeSpan _patience;
    private readonly string _table;
    private readonly GrpcChannel[] _replay;
    private readonly PolicyFollower _policies;
    private readonly BreakdownLog _breakdowns;
    private readonly CrewInstruments _instruments;
    private readonly RolloutTraces _traces;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly Dictionary<uint, (CancellationTokenSource Stop, Task Running, Task Watching)> _workers = [];

    /// <param name="assignment">Whose workers.</param>
    /// <param name="worker">Name of this process.</param>
    /// <param name="assignments">The learner, which hears of slots that fail.</param>
    /// <param name="learner">The learner, which publishes weights.</param>
    /// <param name="service">How the replay services are reached, and how long an environment is waited for.</param>
    /// <param name="loggers">Says what goes wrong.</param>
    /// <param name="watch">Is told of the environment that is made here to see what it is like.</param>
    /// <exception cref="SpecException">The spec of the assignment is not valid here.</exception>
    /// <exception cref="InvalidDataException">
    /// The assignment does not say where the blocks go, or the learner has another environment.
    /// </exception>
    public ExperimentCrew(
        Assignment assignment, string worker, Assignments.AssignmentsClient assignments, Protocol.V1.Policies.PoliciesClient learner,
        ServiceOptions service, ILoggerFactory loggers, CallWatch watch)
    {
        _assignments = assignments;
        _work = WithoutSlots(assignment);
        _options = SpecReader.Read(assignment.Spec ?? throw new InvalidDataException("the assignment has no spec"));
        _worker = worker;
        _patience = service.EnvironmentPatience;
        _table = assignment.Table;
        _loggers = loggers;
        _logger = loggers.CreateLogger<ExperimentCrew>();
        _breakdowns = new BreakdownLog(_options.Environment.Name, _logger);
        var replay = AddressesOf(assignment);
        if (EnvironmentRegistry.Find(_options.Environment.Name)?.Note is { } note)
        {
            _logger.LogInformation("{Note}", note);
        }

        RequireSameEnvironment();
        using var environment = EnvironmentFactory.Create(_options.Environment, watch: watch);
        var layout = ExperimentPolicy.LayoutOf(_options, environment.ObservationSpace, environment.ActionSpace);
        if (ActionBounds.Warning(layout, environment.ActionSpace) is { } warning)
        {
            _logger.LogWarning("{Environment}: {Warning}", _options.Environment.Name, warning);
        }

        _replay = [.. replay.Select(address => Channels.Open(address, service))];
        _instruments = new CrewInstruments(Experiment, () => _workers.Count);
        _traces = new RolloutTraces(Experiment, service.TraceRatio);
        _policies = new PolicyFollower(learner, assignment.Experiment, evaluationsOnly: false, _logger, layout);
    }

    private string Experiment => _work.Experiment;

    /// <summary>Whether this crew can do an assignment: all but the slots is as it was.</summary>
    public bool Serves(Assignment assignment) => _work.Equals(WithoutSlots(assignment));

    /// <summary>Starts and stops workers until exactly these slots are filled.</summary>
    public async Task FillAsync(IReadOnlyCollection<uint> slots)
    {
        foreach (var slot in _workers.Keys.Except(slots).ToArray())
        {
            await StopAsync(slot);
        }

        foreach (var slot in slots.Except(_workers.Keys))
        {
            var (stop, watch) = (new CancellationTokenSource(), new CallWatch(_patience));
            var running = Task.Run(() => KeepWorkingAsync(slot, watch, stop.Token));
            _workers[slot] = (stop, running, WatchAsync(slot, watch, running, stop.Token));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (stop, _, _) in _workers.Values)
        {
            await stop.CancelAsync();
        }

        foreach (var slot in _workers.Keys.ToArray())
        {
            await StopAsync(slot);
        }

        _instruments.Dispose();
        await _policies.DisposeAsync();
        Array.ForEach(_replay, channel => channel.Dispose());
    }

    private static ServiceAddress[] AddressesOf(Assignment assignment)
    {
        var addresses = assignment.ReplayAddresses
            .Select(text => ServiceAddress.TryParse(text, out var address) ? address : null)
            .OfType<ServiceAddress>();
        return addresses.ToArray() is { Length: > 0 } all && all.Length == assignment.ReplayAddresses.Count
            ? all
            : throw new InvalidDataException(
                $"the assignment's replay_addresses are '{assignment.ReplayAddresses}'; at least one is needed, each: "
                    + ServiceAddress.Allowed);
    }

    /// <summary>Files may be others here, or become others between two lives of a slot.</summary>
    private void RequireSameEnvironment()
    {
        if (EnvironmentFactory.Mismatch(_options.Environment, _work.EnvironmentDigest) is { } mismatch)
        {
            throw new InvalidDataException(mismatch);
        }
    }

    private static Assignment WithoutSlots(Assignment assignment)
    {
        var work = assignment.Clone();
        work.Slots.Clear();
        return work;
    }

    private async Task StopAsync(uint slot)
    {
        _workers.Remove(slot, out var worker);
        await worker.Stop.CancelAsync();
        await worker.Watching;
        worker.Stop.Dispose();
    }

    /// <summary>In lockstep, goes on where the slot's last block ended that was learned from.</summary>
    /// <returns>The policy version that acts next; null where that does not matter.</returns>
    private async Task<long?> TakeOverAsync(uint slot, ICollector collector, int failures, CancellationToken stop)
    {
        if (!ExperimentBlocks.SayGames(_options) || collector is not RolloutCollector rollouts)
        {
            return null;
        }

        var newest = await _policies.WaitAsync(0, stop);
        var (version, games) = await SlotTakeover.AskAsync(_assignments, _work, slot, newest.Version, _logger, stop);
        if (games.Count > 0 && failures < MostFailedTakeovers)
        {
            rollouts.GoOnWith(games, stop);
        }

        return version;
    }

    /// <summary>
    /// Returns when a worker has ended, or is to and cannot: an environment of its does not return, which the learner hears of as long as
    /// it lasts. Such a worker is left behind with its thread.
    /// </summary>
    private async Task WatchAsync(uint slot, CallWatch watch, Task running, CancellationToken stop)
    {
        while (await watch.StuckAsync(running, stop) is var failures and > 0)
        {
            var reason = $"'{_options.Environment.Name}': {watch.Describe()}";
            if (stop.IsCancellationRequested)
            {
                _logger.LogError("slot {Slot} of {Experiment} is left behind with its thread: {Reason}", slot, Experiment, reason);
                return;
            }

            if (failures == 1)
            {
                _logger.LogWarning("slot {Slot} of {Experiment} is stuck: {Reason}", slot, Experiment, reason);
            }

            await FailureReports.SendAsync(_assignments, _work, slot, failures, reason, stop);
        }
    }

    /// <summary>A worker that fails is started again, so that one bad moment does not starve the learner.</summary>
    private async Task KeepWorkingAsync(uint slot, CallWatch watch, CancellationToken stop)
    {
        var failures = 0;
        while (!stop.IsCancellationRequested)
        {
            RolloutWorker? rollouts = null;
            try
            {
                var producer = $"{_worker}/{slot}/{Guid.NewGuid():N}";
                // One that takes another's place must not make the same blocks again, which the learner may have; in lockstep it must.
                var life = _options.Lockstep ? 0 : BitConverter.ToUInt64(Guid.NewGuid().ToByteArray());
                RequireSameEnvironment();
                using var collector = ICollector.Create(_options, slot, life, watch);
                var takenOverAt = await TakeOverAsync(slot, collector, failures, stop);
                using var writer = new TrajectoryWriter(
                    _replay[slot % _replay.Length], _table, _loggers.CreateLogger<TrajectoryWriter>(), _work.Epoch);
                rollouts = new RolloutWorker(
                    _options, Experiment, producer, slot, collector, _policies, writer, _breakdowns, _instruments, _traces, takenOverAt);
                await rollouts.RunAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                _logger.LogError(error, "slot {Slot} of {Experiment} failed, starting it again", slot, Experiment);
                if (error is not RpcException)
                {
                    failures = rollouts?.HasDelivered == true ? 1 : failures + 1;
                    await FailureReports.SendAsync(_assignments, _work, slot, failures, error.Message, stop);
                }

                await Task.Delay(RestartPause, stop).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }
}
