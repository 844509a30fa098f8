using System.Diagnostics;
using Rapid.Protocol.V1;
using Struct = Google.Protobuf.WellKnownTypes.Struct;
using Value = Google.Protobuf.WellKnownTypes.Value;

namespace Rapid.Benchmarks;

/// <summary>Four hundred workers share a hundred thousand slots.</summary>
internal static class Crowd
{
    private const int Slots = 100_000, Workers = 400;

    public static async Task<IEnumerable<Attack>> MeasureAsync()
    {
        await using var target = new Target();
        await target.StartAsync("replay");
        var learner = await target.StartAsync("learner");
        var experiments = new Experiments.ExperimentsClient(target.Open("learner"));
        await experiments.SubmitAsync(new SubmitRequest
        {
            Spec = new ExperimentSpec
            {
                Environment = new EnvironmentSpec { Name = "CartPole-v1" },
                Actors = new ActorsSpec { Count = Slots, Environments = 1 },
                Algorithm = new AlgorithmSpec { Options = new Struct { Fields = { ["rollout_steps"] = Value.ForNumber(8) } } },
                TotalSteps = 8 * Slots,
            },
        });
        var client = new Assignments.AssignmentsClient(target.Open("learner"));
        using var ended = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        var held = new uint[Workers][];
        var (before, clock, slowest) = (learner.ResidentBytes, Stopwatch.StartNew(), TimeSpan.Zero);
        var workers = Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            var request = new EnlistRequest { Worker = $"{worker}", Role = WorkerRole.Actor, MaxSlots = uint.MaxValue };
            using var call = client.Enlist(request);
            while (await call.ResponseStream.MoveNext(ended.Token))
            {
                held[worker] = [.. call.ResponseStream.Current.Slots];
            }
        })).ToList();
        while (held.Sum(slots => slots?.Length ?? 0) != Slots || held.Any(slots => slots is null or []))
        {
            var asked = Stopwatch.StartNew();
            await experiments.ListAsync(new ListRequest(), cancellationToken: ended.Token);
            slowest = asked.Elapsed > slowest ? asked.Elapsed : slowest;
            await Task.Delay(20, ended.Token);
        }

        var placed = clock.Elapsed;
        await ended.CancelAsync();
        await Task.WhenAll(workers).ContinueWith(_ => { }, TaskScheduler.Default);
        return
        [
            Attack.OfTime($"{Slots} slots among {Workers} workers", placed, TimeSpan.FromSeconds(60), "all are placed"),
            Attack.OfTime("slowest List meanwhile", slowest, TimeSpan.FromSeconds(5), "answered"),
            Attack.OfMemory("the learner's memory", before, learner.PeakResidentBytes, 1L << 30),
        ];
    }
}
