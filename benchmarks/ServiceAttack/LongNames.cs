using System.Diagnostics;
using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>An experiment is asked for whose name has eight million characters.</summary>
internal static class LongNames
{
    private const int Length = 8_000_000, Calls = 5;

    public static async Task<IEnumerable<Attack>> MeasureAsync()
    {
        await using var target = new Target();
        var learner = await target.StartAsync("learner");
        var client = new Experiments.ExperimentsClient(target.Open("learner"));
        for (var i = 0; i < 3; i++)
        {
            await client.SubmitAsync(
                new SubmitRequest { Spec = new ExperimentSpec { Environment = new EnvironmentSpec { Name = "CartPole-v1" } } });
        }

        var request = new CancelRequest { Id = new string('x', Length) };
        var (before, slowest, answer) = (learner.ResidentBytes, TimeSpan.Zero, "");
        for (var i = 0; i < Calls; i++)
        {
            var clock = Stopwatch.StartNew();
            try
            {
                await client.CancelAsync(request);
                answer = "it was cancelled";
            }
            catch (RpcException error)
            {
                answer = $"{error.StatusCode}, {error.Status.Detail}";
            }

            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
        }

        return
        [
            Attack.OfTime($"slowest of {Calls} cancellations of a name of {Length} characters", slowest, TimeSpan.FromSeconds(5), answer),
            Attack.OfMemory("the learner's memory", before, learner.PeakResidentBytes, 256 << 20),
        ];
    }
}
