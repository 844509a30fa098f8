using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Agents;
using Rapid.Agents.OffPolicy;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using static TorchSharp.torch;

namespace Rapid.Learner.Runs;

/// <summary>
/// The tables of a run, as its agent plans them. With several replay services every table is spread over them, but for the transitions of an
/// offline run, which the learner appends itself.
/// </summary>
public sealed class RunTables : IAsyncDisposable
{
    // Part of the run's seed: ASCII of "draw".
    private const ulong SamplingRole = 0x64726177;

    private readonly ILogger _logger;
    private readonly ExperimentOptions _spec;
    private readonly string _name;
    private readonly ulong _epoch;

    /// <param name="run">The run, whose tables carry its identity: those of another run of the same name are others.</param>
    /// <param name="epoch">Which of the run's lives: the tables obey the latest.</param>
    /// <param name="spec">What learns.</param>
    /// <param name="service">Where the replay services are that the run uses.</param>
    /// <param name="logger">Hears of a replay service that is away.</param>
    /// <param name="dataSteps">Steps that an offline run learns from.</param>
    /// <param name="watch">Is told that an environment is being made; null when nobody waits for that.</param>
    public RunTables(
        RunDirectory run, ulong epoch, ExperimentOptions spec, ServiceOptions service, ILogger logger, long dataSteps = 0,
        CallWatch? watch = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(run);
        _logger = logger;
        (_spec, _name, _epoch) = (spec, NameOf(run), epoch);
        using var environment = EnvironmentFactory.Create(spec.Environment, watch: watch);
        var blocks = ExperimentBlocks.SignatureOf(run.Id, spec, environment.ObservationSpace, environment.ActionSpace);
        var (shards, slots) = (service.Replay.Count, spec.Actors.Count);
        ActorServices = service.Replay;
        ITable<T> Open<T>(TableDefinition whole, Spread spread, Func<TableProtocol<T>> protocol)
            where T : Received
        {
            TableClient<T>[] clients =
            [
                .. ActorServices.Select((address, shard) => new TableClient<T>(
                    Channels.Open(address, service), Shards.PartOf(whole, shard, shards, slots), protocol(), logger, shard)),
            ];
            return shards == 1 ? clients[0] : new Sharded<T>(clients, spread);
        }

        foreach (var plan in AgentRegistry.Of(spec).Tables(spec))
        {
            switch (plan)
            {
                case TransitionsPlan transitions:
                    double? beta = spec.Replay.Sampler == ReplaySampler.Prioritised ? spec.Replay.ImportanceExponent : null;
                    var layout = ExperimentPolicy.LayoutOf(spec, environment.ObservationSpace, environment.ActionSpace);
                    Normalizer = spec.Normalization.Observations
                        ? new ObservationNormalizer(layout.ObservationSize, (float)spec.Normalization.ObservationClip)
                        : null;
                    var table = spec.Offline ? OfflineTransitionsOf(transitions, dataSteps) : TransitionsOf(transitions, blocks);
                    Transitions = Open(table, Spread.Everywhere, () => new TransitionProtocol(
                        table.Name, transitions.BatchSize, beta, spec.Replay.PrefetchBatches,
                        () => new TransitionBatch(layout, (OffPolicyOptions)spec.Algorithm, CPU), Normalizer));
                    ActorTable = ActorTable.Length == 0 ? table.Name : ActorTable;
                    break;
                case SequencesPlan sequences:
                    Sequences = Open(SequencesOf(sequences, blocks), Spread.InProportion, () => new SequenceProtocol(
                        spec.Algorithm.RolloutSteps, sequences.Sequences, spec.Replay.PrefetchBatches));
                    break;
                case QueuePlan queue:
                    var rollouts = QueueOf(queue, blocks);
                    Queue = Open(rollouts, Spread.Equally, () => new QueueProtocol(rollouts, logger));
                    ActorTable = rollouts.Name;
                    break;
                default:
                    throw new InvalidOperationException($"a run has no table of the plan {plan}");
            }
        }
    }

    /// <summary>The table that actors append to.</summary>
    public string ActorTable { get; } = "";

    /// <summary>Where that table is: slot i appends to the service i mod their number.</summary>
    public IReadOnlyList<ServiceAddress> ActorServices { get; }

    /// <summary>Fresh blocks, each once; null when actors append to <see cref="Transitions"/>.</summary>
    public ITable<ReceivedBlock>? Queue { get; }

    /// <summary>Old sequences; null of an algorithm that does not replay them.</summary>
    public ITable<ReceivedSequences>? Sequences { get; }

    /// <summary>Old transitions; null of an algorithm that does not replay them.</summary>
    public ITable<ReceivedBatch>? Transitions { get; }

    /// <summary>Applied to observations of <see cref="Transitions"/> as they arrive; null leaves them raw.</summary>
    public ObservationNormalizer? Normalizer { get; }

    /// <summary>Name of the table of transitions of a run that has one.</summary>
    public static string TransitionsName(RunDirectory run) => $"{NameOf(run)}/transitions";

    /// <summary>Makes the tables, or finds those of an earlier life.</summary>
    public async Task CreateAsync(CancellationToken cancellation)
    {
        await (Queue?.CreateAsync(cancellation) ?? Task.CompletedTask);
        await (Sequences?.CreateAsync(cancellation) ?? Task.CompletedTask);
        await (Transitions?.CreateAsync(cancellation) ?? Task.CompletedTask);
    }

    /// <summary>Drops the tables: the run is over.</summary>
    public async Task DropAsync(CancellationToken cancellation)
    {
        await DropAsync(Queue?.DropAsync(cancellation));
        await DropAsync(Sequences?.DropAsync(cancellation));
        await DropAsync(Transitions?.DropAsync(cancellation));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await (Queue?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Sequences?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Transitions?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private static string NameOf(RunDirectory run) => $"{run.Id}.{run.Identity}";

    private async Task DropAsync(Task? drop)
    {
        try
        {
            await (drop ?? Task.CompletedTask);
        }
        catch (RpcException error)
        {
            // The run is complete without it; the table costs memory until somebody drops it.
            _logger.LogWarning("a table of the run could not be dropped: {Message}", error.Status.Detail);
        }
    }

    private TableDefinition QueueOf(QueuePlan plan, BlockSignature blocks) => new()
    {
        Name = $"{_name}/rollouts",
        Epoch = _epoch,
        Kind = TableKind.Queue,
        Store = StoreOf(_spec),
        CapacitySteps = (ulong)plan.CapacitySteps,
        Block = blocks,
    };

    private TableDefinition SequencesOf(SequencesPlan plan, BlockSignature blocks) => new()
    {
        Name = $"{_name}/sequences",
        Epoch = _epoch,
        Kind = TableKind.Uniform,
        Items = ItemKind.Sequence,
        Store = StoreOf(_spec),
        CapacitySteps = (ulong)plan.CapacitySteps,
        MinimumSteps = (ulong)plan.MinimumSteps,
        Block = SequenceProtocol.SignatureOf(blocks),
        Seed = RandomStream.Derive(_spec.Seed, SamplingRole),
    };

    private TableDefinition TransitionsOf(TransitionsPlan plan, BlockSignature? blocks)
    {
        var isPrioritised = _spec.Replay.Sampler == ReplaySampler.Prioritised;
        return new TableDefinition
        {
            Name = $"{_name}/transitions",
            Epoch = _epoch,
            Kind = isPrioritised ? TableKind.Prioritised : TableKind.Uniform,
            Items = ItemKind.Transition,
            Store = StoreOf(_spec),
            CapacitySteps = (ulong)plan.CapacitySteps,
            MinimumSteps = (ulong)plan.MinimumSteps,
            RateLimiter = _spec.Lockstep ? null : new RateLimiter
            {
                SamplesPerInsert = plan.SamplesPerStep,
                // Either side may be a block of each actor ahead, and every batch that may be on its way fits.
                ErrorBuffer = Math.Max(
                    plan.SamplesPerStep * _spec.RoundSteps, (double)plan.BatchSize * (_spec.Replay.PrefetchBatches + 1)),
            },
            NSteps = (uint)plan.NSteps,
            Gamma = plan.Gamma,
            Block = blocks,
            PriorityExponent = isPrioritised ? _spec.Replay.PriorityExponent : 0,
            Seed = RandomStream.Derive(_spec.Seed, SamplingRole),
        };
    }

    /// <summary>
    /// Nothing is drawn before all of the data are there, and nothing has to wait for anything afterwards. What their blocks are like
    /// the files say.
    /// </summary>
    private TableDefinition OfflineTransitionsOf(TransitionsPlan plan, long dataSteps)
    {
        var table = TransitionsOf(plan, blocks: null);
        (table.CapacitySteps, table.MinimumSteps, table.RateLimiter) = ((ulong)dataSteps, (ulong)dataSteps, null);
        return table;
    }

    private static StoreKind StoreOf(ExperimentOptions spec) => spec.Replay.Store switch
    {
        ReplayStore.Redis => StoreKind.Redis,
        ReplayStore.Fsync => StoreKind.Fsync,
        _ => StoreKind.Memory,
    };
}
