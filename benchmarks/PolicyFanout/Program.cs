using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Learner;
using Rapid.Learner.Experiments;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

// How long the weights of a policy with a million parameters take from their publication until the last of 16 subscribed actors has them,
// through the real service on a unix socket, each actor with a connection of its own: first as between machines, with the parameters
// in the message, then as actors on the learner's machine get them.
const int Subscribers = 16, Parameters = 1_000_000, Rounds = 60, WarmUp = 15;
const double TargetMilliseconds = 20;

var directory = Directory.CreateTempSubdirectory("rapid-bench-");
var options = new ServiceOptions
{
    Listen = [ServiceAddress.Unix(Path.Combine(directory.FullName, "learner"))],
    Replay = [ServiceAddress.Unix(Path.Combine(directory.FullName, "nobody"))],
    Runs = Path.Combine(directory.FullName, "runs"),
};
await using var app = LearnerHost.Build(options, LogLevel.Critical, recover: false);
await app.StartAsync();
var experiment = app.Services.GetRequiredService<ExperimentRegistry>().Submit(SpecReader.ReadYaml(SpecReader.DefaultYaml));
var parameters = UnsafeByteOperations.UnsafeWrap(new byte[Parameters * sizeof(float)]);
long version = 0;

var (wire, wireSlow) = await MeasureAsync(async (channel, received, stop) =>
{
    using var call = new Policies.PoliciesClient(channel)
        .Subscribe(new SubscribeRequest { Experiment = experiment.Directory.Id }, cancellationToken: stop);
    await foreach (var snapshot in call.ResponseStream.ReadAllAsync(stop))
    {
        received(snapshot);
    }
});
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture, $"between machines (over a socket): {wire:F1} ms, 90th percentile {wireSlow:F1} ms"));
var (median, slow) = await MeasureAsync(async (channel, received, stop) =>
{
    await using var follower = new PolicyFollower(new(channel), experiment.Directory.Id, evaluationsOnly: false, NullLogger.Instance);
    for (long seen = 0; ;)
    {
        var snapshot = await follower.WaitAsync(seen, stop);
        seen = snapshot.Version;
        received(snapshot);
    }
});

await experiment.Cancellation.CancelAsync();
await app.StopAsync();
directory.Delete(recursive: true);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"on one machine: {median:F1} ms, 90th percentile {slow:F1} ms"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"policy fan-out: 4 MB to {Subscribers} actors in {median:F1} ms, median of {Rounds} "
    + $"(target < {TargetMilliseconds:F0} ms); between machines {wire:F1} ms"));
return median < TargetMilliseconds ? 0 : 1;

// Median and 90th percentile in milliseconds.
async Task<(double Median, double Slow)> MeasureAsync(Func<GrpcChannel, Action<PolicySnapshot>, CancellationToken, Task> subscribeAsync)
{
    using var stop = new CancellationTokenSource();
    using var arrived = new SemaphoreSlim(0);
    List<GrpcChannel> channels = [];
    List<Task> subscribers = [];
    for (var i = 0; i < Subscribers; i++)
    {
        var channel = Channels.Open(options.Listen[0], options);
        channels.Add(channel);
        subscribers.Add(Task.Run(() => subscribeAsync(channel, Receive, stop.Token)));
    }

    var times = new List<double>();
    for (var round = 0; round < WarmUp + Rounds; round++)
    {
        var clock = Stopwatch.StartNew();
        experiment.Policies.Publish(
            new PolicySnapshot { Experiment = experiment.Directory.Id, Version = ++version, Parameters = parameters });
        for (var i = 0; i < Subscribers; i++)
        {
            if (!await arrived.WaitAsync(TimeSpan.FromSeconds(30)))
            {
                throw new TimeoutException("an actor did not get the newest policy");
            }
        }

        if (round >= WarmUp)
        {
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
    }

    await stop.CancelAsync();
    await Task.WhenAll(subscribers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    channels.ForEach(channel => channel.Dispose());
    times.Sort();
    return (times[times.Count / 2], times[times.Count * 9 / 10]);

    void Receive(PolicySnapshot snapshot)
    {
        // The first one may be the last of the measurement before.
        if (snapshot.Parameters.Length == Parameters * sizeof(float) && snapshot.Version == version)
        {
            arrived.Release();
        }
    }
}
