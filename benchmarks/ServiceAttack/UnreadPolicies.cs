using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>Thirty subscribers to a policy of 20 million parameters never read.</summary>
internal static class UnreadPolicies
{
    private const int Streams = 30, Units = 2228;

    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(20);

    public static async Task<IEnumerable<Attack>> MeasureAsync()
    {
        await using var target = new Target();
        await target.StartAsync("replay");
        var learner = await target.StartAsync("learner");
        var run = await new Experiments.ExperimentsClient(target.Open("learner")).SubmitAsync(new SubmitRequest
        {
            Spec = new ExperimentSpec
            {
                Environment = new EnvironmentSpec { Name = "CartPole-v1" },
                Network = new NetworkSpec { HiddenSizes = { Units, Units, Units }, Initialization = "uniform_fan_in" },
            },
        });
        var request = new SubscribeRequest { Experiment = run.Id };
        var headers = new Metadata { { "authorization", $"Bearer {Target.Token}" } };
        var bare = target.OpenBare("learner");
        var policies = new Protocol.V1.Policies.PoliciesClient(bare);
        int bytes;
        using (var reading = policies.Subscribe(request, headers))
        {
            await reading.ResponseStream.MoveNext(CancellationToken.None);
            bytes = reading.ResponseStream.Current.CalculateSize();
        }

        var before = await Target.MostBytesAsync(learner, TimeSpan.FromSeconds(2));
        var calls = Enumerable.Range(0, Streams).Select(_ => policies.Subscribe(request, headers)).ToList();
        await Task.WhenAll(calls.Select(call => call.ResponseHeadersAsync));
        var most = await Target.MostBytesAsync(learner, Watched);
        calls.ForEach(call => call.Dispose());

        // What all share is there once; a copy each would be 2.4 GB.
        return
        [
            Attack.OfMemory($"the learner's memory under {Streams} unread streams of a policy of {bytes} bytes", before, most, 2L * bytes),
        ];
    }
}
