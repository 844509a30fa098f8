using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Experiments;

/// <summary>
/// The tables of a run. On-policy: a queue. P3O: a queue, and a table of sequences that the learner appends to. SAC: a table of transitions
/// that actors append to; in lockstep a queue, whose blocks the learner appends to the transitions in the order of slots. With several
/// replay services every table is spread over them, but for the transitions of an offline run, which the learner appends itself.
/// </summary>
public sealed class RunTables : IAsyncDisposable
{
    // Part of the run's seed: ASCII of "draw".
    private const ulong SamplingRole = 0x64726177;

    private readonly ILogger _logger;

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
        var name = NameOf(run);
        using var environment = EnvironmentFactory.Create(spec.Environment, watch: watch);
        var blocks = ExperimentBlocks.SignatureOf(run.Id, spec, environment.ObservationSpace, environment.ActionSpace);
        var slots = spec.Actors.Count;
        var shards = service.Replay.Count;
        ActorServices = service.Replay;
        if (spec.Algorithm is SacOptions sac)
        {
            var whole = spec.Offline ? OfflineTransitionsOf(name, spec, sac, dataSteps) : TransitionsOf(name, spec, sac, blocks);
            whole.Epoch = epoch;
            double? beta = spec.Replay.Sampler == ReplaySampler.Prioritised ? spec.Replay.ImportanceExponent : null;
            TransitionTable[] tables =
            [
                .. ActorServices.Select((address, shard) => new TransitionTable(
                    Channels.Open(address, service), Shards.PartOf(whole, shard, shards, slots), sac.BatchSize, beta, logger, shard)),
            ];
            Transitions = shards == 1 ? tables[0] : new TransitionShards(tables);
            ActorTable = whole.Name;
        }

        if (spec.Algorithm is P3oOptions p3o)
        {
            var sequences = p3o.SampleMultiplier * spec.Actors.Environments * slots;
            var whole = SequencesOf(name, spec, p3o, blocks);
            whole.Epoch = epoch;
            SequenceReplay[] tables =
            [
                .. ActorServices.Select((address, shard) => new SequenceReplay(
                    Channels.Open(address, service), Shards.PartOf(whole, shard, shards, slots), p3o.RolloutSteps, sequences,
                    spec.Replay.PrefetchBatches, logger)),
            ];
            Sequences = shards == 1 ? tables[0] : new SequenceShards(tables);
        }

        if (Transitions is null || (spec.Lockstep && !spec.Offline))
        {
            var whole = QueueOf(name, spec, blocks);
            whole.Epoch = epoch;
            TrajectoryReader[] readers =
            [
                .. ActorServices.Select((address, shard) => new TrajectoryReader(
                    Channels.Open(address, service), Shards.PartOf(whole, shard, shards, slots), logger)),
            ];
            Queue = shards == 1 ? readers[0] : new QueueShards(readers);
            ActorTable = whole.Name;
        }
    }

    /// <summary>The table that actors append to.</summary>
    public string ActorTable { get; } = "";

    /// <summary>Where that table is: slot i appends to the service i mod their number.</summary>
    public IReadOnlyList<ServiceAddress> ActorServices { get; }

    /// <summary>Fresh blocks, each once; null when actors append to <see cref="Transitions"/>.</summary>
    public IBlockSource? Queue { get; }

    /// <summary>Old sequences; null of an algorithm that does not replay them.</summary>
    public ISequenceSource? Sequences { get; }

    /// <summary>Old transitions; null of an algorithm that does not replay them.</summary>
    public ITransitionSource? Transitions { get; }

    /// <summary>Name of the table of transitions of a run that has one.</summary>
    public static string TransitionsName(RunDirectory run) => $"{NameOf(run)}/transitions";

    /// <summary>Makes the tables, or finds those of an earlier life.</summary>
    public async Task CreateAsync(CancellationToken cancellation)
    {
        await (Queue?.CreateTableAsync(cancellation) ?? Task.CompletedTask);
        await (Sequences?.CreateTableAsync(cancellation) ?? Task.CompletedTask);
        await (Transitions?.CreateTableAsync(cancellation) ?? Task.CompletedTask);
    }

    /// <summary>Drops the tables: the run is over.</summary>
    public async Task DropAsync(CancellationToken cancellation)
    {
        await DropAsync(Queue?.DropTableAsync(cancellation));
        await DropAsync(Sequences?.DropTableAsync(cancellation));
        await DropAsync(Transitions?.DropTableAsync(cancellation));
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

    private static TableDefinition QueueOf(string run, ExperimentOptions spec, BlockSignature blocks)
    {
        // The capacity of an off-policy run is that of its transitions.
        var capacity = spec.Algorithm is OnPolicyOptions ? spec.Replay.CapacitySteps : 0;
        return new TableDefinition
        {
            Name = $"{run}/rollouts",
            Kind = TableKind.Queue,
            Store = StoreOf(spec),
            CapacitySteps = (ulong)(capacity > 0 ? capacity : RoundSteps(spec)),
            Block = blocks,
        };
    }

    private static TableDefinition SequencesOf(string run, ExperimentOptions spec, P3oOptions p3o, BlockSignature blocks) => new()
    {
        Name = $"{run}/sequences",
        Kind = TableKind.Uniform,
        Items = ItemKind.Sequence,
        Store = StoreOf(spec),
        CapacitySteps = (ulong)p3o.ReplaySteps,
        MinimumSteps = (ulong)p3o.WarmUpSteps,
        Block = SequenceReplay.SignatureOf(blocks),
        Seed = RandomStream.Derive(spec.Seed, SamplingRole),
    };

    private static TableDefinition TransitionsOf(string run, ExperimentOptions spec, SacOptions sac, BlockSignature? blocks)
    {
        var isPrioritised = spec.Replay.Sampler == ReplaySampler.Prioritised;
        var samplesPerStep = sac.UpdatesPerStep * sac.BatchSize;
        return new TableDefinition
        {
            Name = $"{run}/transitions",
            Kind = isPrioritised ? TableKind.Prioritised : TableKind.Uniform,
            Items = ItemKind.Transition,
            Store = StoreOf(spec),
            CapacitySteps = (ulong)spec.Replay.CapacitySteps,
            MinimumSteps = (ulong)sac.WarmUpSteps,
            RateLimiter = spec.Lockstep ? null : new RateLimiter
            {
                SamplesPerInsert = samplesPerStep,
                // Either side may be a block of each actor ahead, and every batch that may be on its way fits.
                ErrorBuffer = Math.Max(samplesPerStep * RoundSteps(spec), (double)sac.BatchSize * (spec.Replay.PrefetchBatches + 1)),
            },
            NSteps = (uint)sac.NSteps,
            Gamma = sac.Gamma,
            Block = blocks,
            PriorityExponent = isPrioritised ? spec.Replay.PriorityExponent : 0,
            Seed = RandomStream.Derive(spec.Seed, SamplingRole),
        };
    }

    /// <summary>
    /// Nothing is drawn before all of the data are there, and nothing has to wait for anything afterwards. What their blocks are like
    /// the files say.
    /// </summary>
    private static TableDefinition OfflineTransitionsOf(string run, ExperimentOptions spec, SacOptions sac, long dataSteps)
    {
        var table = TransitionsOf(run, spec, sac, blocks: null);
        (table.CapacitySteps, table.MinimumSteps, table.RateLimiter) = ((ulong)dataSteps, (ulong)dataSteps, null);
        return table;
    }

    private static StoreKind StoreOf(ExperimentOptions spec) => spec.Replay.Store switch
    {
        ReplayStore.Redis => StoreKind.Redis,
        ReplayStore.Fsync => StoreKind.Fsync,
        _ => StoreKind.Memory,
    };

    private static long RoundSteps(ExperimentOptions spec) =>
        (long)spec.Algorithm.RolloutSteps * spec.Actors.Environments * spec.Actors.Count;
}
