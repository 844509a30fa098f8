using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Health.V1;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Benchmarks;

/// <summary>Valid requests of every method, from which mutated ones are made.</summary>
internal static class Corpus
{
    private static readonly Dictionary<string, MessageDescriptor> Inputs = new[]
        {
            ReplayReflection.Descriptor, ExperimentReflection.Descriptor, PolicyReflection.Descriptor, EvaluationReflection.Descriptor,
            HealthReflection.Descriptor, Grpc.Reflection.V1Alpha.ReflectionReflection.Descriptor,
            Grpc.Reflection.V1.ReflectionReflection.Descriptor,
        }
        .SelectMany(file => file.Services)
        .SelectMany(service => service.Methods)
        .ToDictionary(method => $"/{method.Service.FullName}/{method.Name}", method => method.InputType);

    private static readonly Dictionary<string, IMessage[]> Seeds = Make().GroupBy(message => message.Descriptor.FullName)
        .ToDictionary(group => group.Key, group => group.ToArray());

    /// <summary>The type of a method's requests.</summary>
    /// <param name="path">/package.Service/Method.</param>
    public static MessageDescriptor InputOf(string path) => Inputs[path];

    /// <summary>A valid request, or an empty one where the corpus has none.</summary>
    public static IMessage Draw(MessageDescriptor type, Random random) => Seeds.TryGetValue(type.FullName, out var seeds)
        ? seeds[random.Next(seeds.Length)]
        : type.Parser.ParseFrom(ByteString.Empty);

    private static IEnumerable<IMessage> Make()
    {
        string[] tables = ["fuzz/a", "fuzz/b", "fuzz/c"];
        foreach (var (name, i) in tables.Select((name, i) => (name, i)))
        {
            yield return new CreateTableRequest { Definition = Table(name, (TableKind)(1 + i)) };
            yield return new DropTableRequest { Name = name };
            yield return new AppendRequest { Table = name, Trajectory = Block(1) };
            yield return new AppendRequest { Table = name, Trajectory = Block(2) };
            yield return new AppendRequest { Table = name, Trajectory = WithGames(Block(3)) };
            yield return new SampleRequest { Table = name, Credits = 2, BatchSize = i == 0 ? 0u : 8, Patience = 1 };
            yield return new ExportRequest { Table = name };
            yield return new SaveTableRequest { Table = name, Checkpoint = "c" };
            yield return new RestoreTableRequest { Table = name, Checkpoint = "c" };
        }

        yield return new SampleRequest
        {
            Credits = 1,
            Acknowledged = { 1, 2 },
            Priorities = { new PriorityUpdate { Id = 1, Priority = 2 } },
        };
        yield return new StatsRequest { Prefix = "fuzz/" };
        foreach (var algorithm in (string[])["ppo", "sac", "p3o", "a2c"])
        {
            var environment = algorithm == "sac" ? "Pendulum-v1" : "CartPole-v1";
            var spec = SpecReader.ReadYaml(
                $"{{ name: fuzz, total_steps: 4096, environment: {{ name: {environment} }}, algorithm: {{ name: {algorithm} }} }}");
            yield return new SubmitRequest { Spec = SpecWriter.ToMessage(spec) };
        }

        yield return new CancelRequest { Id = "fuzz-1" };
        yield return new WatchRequest { Id = "fuzz-1" };
        yield return new EnlistRequest { Worker = "w", Role = WorkerRole.Actor, MaxSlots = 4 };
        yield return new EnlistRequest { Worker = "e", Role = WorkerRole.Evaluator, MaxSlots = 1 };
        yield return new TakeOverRequest { Experiment = "fuzz-1", Version = 1 };
        yield return new SubscribeRequest { Experiment = "fuzz-1" };
        yield return new EvaluationReport { Experiment = "fuzz-1", PolicyVersion = 1, Step = 1, Returns = { 1, 2 }, Lengths = { 1, 2 } };
        yield return new WatchFramesRequest { FramesPerSecond = 10 };
        yield return new HealthCheckRequest { Service = "" };
    }

    private static TableDefinition Table(string name, TableKind kind) => new()
    {
        Name = name,
        Kind = kind,
        Store = StoreKind.Memory,
        CapacitySteps = 64,
        Items = kind == TableKind.Queue ? ItemKind.Block : ItemKind.Transition,
        PriorityExponent = kind == TableKind.Prioritised ? 0.6 : 0,
    };

    private static Trajectory WithGames(Trajectory block)
    {
        block.Games.Add(new GameBeginning { Random = { 1, 2, 3, 4, 5 }, Carried = ByteString.CopyFrom([1, 2]) });
        block.Noise.AddRange([1, 2, 3, 4, 5]);
        return block;
    }

    private static Trajectory Block(ulong sequence)
    {
        var block = new Trajectory { Experiment = "fuzz", Producer = "p", Sequence = sequence, Steps = 4, Environments = 1 };
        block.Add<float>(TrajectoryColumns.Observations, new float[15], 5, 1, 3);
        block.Add<float>(TrajectoryColumns.Actions, new float[4], 4, 1, 1);
        block.Add<float>(TrajectoryColumns.Rewards, new float[4], 4, 1);
        block.Add<byte>(TrajectoryColumns.Terminated, new byte[4], 4, 1);
        block.Add<byte>(TrajectoryColumns.Truncated, new byte[4], 4, 1);
        block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, 3);
        block.Episodes.Add(new Episode { Step = 1, Length = 2, Return = 1 });
        return block;
    }
}
