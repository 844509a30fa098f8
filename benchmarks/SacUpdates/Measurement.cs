using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Agents;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.Sac;
using Rapid.Hosting;
using Rapid.Learner.Replay;
using Rapid.Learner.Training;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Replay;
using Rapid.Specs;
using static TorchSharp.torch;

namespace Rapid.Benchmarks;

/// <summary>One measurement in one process: updates on batches from a table, and the matrix products of these updates alone.</summary>
internal static class Measurement
{
    private const int Blocks = 100, StepsPerBlock = 1000;
    private const int WarmUp = 1000; // the compiler works beside the first seconds of updates, on the same core

    public static async Task RunAsync(int updates)
    {
        var spec = SpecReader.ReadYaml("{ environment: { name: HalfCheetah-v4 }, algorithm: { name: sac } }");
        var sac = (SacOptions)spec.Algorithm;
        using var environment = EnvironmentFactory.Create(spec.Environment);
        var layout = ExperimentPolicy.LayoutOf(spec, environment.ObservationSpace, environment.ActionSpace);
        var directory = Directory.CreateTempSubdirectory("rapid-bench-");
        var options = new ServiceOptions { Listen = [ServiceAddress.Unix(Path.Combine(directory.FullName, "replay"))] };
        await using var app = ReplayHost.Build(options, LogLevel.Critical);
        await app.StartAsync();
        using var algorithm = (ITransitionLearner)LearnerFactory.Create(spec, layout);
        var definition = new TableDefinition
        {
            Name = "bench/t",
            Kind = TableKind.Uniform,
            Items = ItemKind.Transition,
            Store = StoreKind.Memory,
            CapacitySteps = Blocks * StepsPerBlock,
        };
        var channel = Channels.Open(options.Listen[0], options);
        var protocol = new TransitionProtocol(
            definition.Name, sac.BatchSize, null, spec.Replay.PrefetchBatches, () => new TransitionBatch(layout, sac, CPU), null);
        await using (var table = new TableClient<ReceivedBatch>(channel, definition, protocol, NullLogger.Instance))
        {
            await table.CreateAsync(default);
            await table.AppendAsync(Enumerable.Range(1, Blocks).Select(sequence => Block(layout, sequence)), default);
            await table.RequestAsync(WarmUp + updates, default);
            await UpdateAsync(table, algorithm, WarmUp);
            var clock = Stopwatch.StartNew();
            await UpdateAsync(table, algorithm, updates);
            var rate = updates / clock.Elapsed.TotalSeconds;
            var share = rate / MatrixProducts.UpdatesPerSecond(layout, sac.BatchSize);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"updates/s {rate:F1} share {share:F3}"));
        }

        await app.StopAsync();
        directory.Delete(recursive: true);
    }

    private static async Task UpdateAsync(TableClient<ReceivedBatch> table, ITransitionLearner algorithm, int updates)
    {
        for (var i = 0; i < updates; i++)
        {
            var received = (await table.ReadAsync(default))!;
            algorithm.Update(received.Transitions);
            await table.ReleaseAsync([received], default);
        }
    }

    private static Trajectory Block(PolicyLayout layout, int sequence)
    {
        var random = new Random(sequence);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
        var block = new Trajectory { Producer = "bench", Sequence = (ulong)sequence, Steps = StepsPerBlock, Environments = 1 };
        var size = layout.ObservationSize;
        block.Add<float>(TrajectoryColumns.Observations, Numbers((StepsPerBlock + 1) * size), StepsPerBlock + 1, 1, size);
        block.Add<float>(TrajectoryColumns.Actions, Numbers(StepsPerBlock * layout.ActionSize), StepsPerBlock, 1, layout.ActionSize);
        block.Add<float>(TrajectoryColumns.Rewards, Numbers(StepsPerBlock), StepsPerBlock, 1);
        block.Add<byte>(TrajectoryColumns.Terminated, new byte[StepsPerBlock], StepsPerBlock, 1);
        block.Add<byte>(TrajectoryColumns.Truncated, new byte[StepsPerBlock], StepsPerBlock, 1);
        block.Add<float>(TrajectoryColumns.FinalObservations, [], 0, layout.ObservationSize);
        return block;
    }
}
