using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Benchmarks;
using Rapid.Hosting;
using Rapid.Learner;
using Rapid.Learner.Experiments;
using Rapid.Protocol.V1;
using Rapid.Specs;

// How long the weights of a policy with a million parameters take from their publication until the last of 16 subscribed actors has them,
// through the real service on a unix socket, each actor with a connection of its own: first as between machines, with the parameters
// in the message, in turns with bare HTTP/2 bodies of the same bytes; then as actors on the learner's machine get them.
const int Subscribers = 16, Parameters = 1_000_000, Rounds = 60, WarmUp = 15;
const double TargetMilliseconds = 20, TargetRatio = 1.3;

var directory = Directory.CreateTempSubdirectory("rapid-bench-");
var options = new ServiceOptions
{
    Listen = [ServiceAddress.Unix(Path.Combine(directory.FullName, "learner"))],
    Replay = [ServiceAddress.Unix(Path.Combine(directory.FullName, "nobody"))],
    Runs = Path.Combine(directory.FullName, "runs"),
};
await using var app = LearnerHost.Build(options, LogLevel.Critical, recover: false);
var fanout = new BareFanout(Parameters * sizeof(float));
fanout.Map(app);
await app.StartAsync();
var experiment = app.Services.GetRequiredService<ExperimentRegistry>().Submit(SpecReader.ReadYaml(SpecReader.DefaultYaml));
var parameters = UnsafeByteOperations.UnsafeWrap(new byte[Parameters * sizeof(float)]);

List<double> wire = [], bare = [], memory = [];
await using (var subscribers = new Crowd(Subscribers, SubscribeAsync))
await using (var receivers = new Crowd(Subscribers, ReceiveAsync))
{
    for (var version = 1; version <= WarmUp + Rounds; version++)
    {
        wire.Add(await subscribers.TimeAsync(version, Publish));
        bare.Add(await receivers.TimeAsync(version, fanout.Publish));
    }
}

await using (var actors = new Crowd(Subscribers, FollowAsync))
{
    for (var version = WarmUp + Rounds + 1; version <= 2 * (WarmUp + Rounds); version++)
    {
        memory.Add(await actors.TimeAsync(version, Publish));
    }
}

await experiment.Cancellation.CancelAsync();
await app.StopAsync();
directory.Delete(recursive: true);
var (wireMedian, bareMedian, median) = (Percentile(wire, 0.5), Percentile(bare, 0.5), Percentile(memory, 0.5));
var ratio = Paired.MedianRatio(wire.Skip(WarmUp), bare.Skip(WarmUp));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"between machines (over a socket): {wireMedian:F1} ms, 90th percentile {Percentile(wire, 0.9):F1} ms"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"the same bytes in bare HTTP/2 bodies: {bareMedian:F1} ms, 90th percentile {Percentile(bare, 0.9):F1} ms"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"on one machine: {median:F1} ms, 90th percentile {Percentile(memory, 0.9):F1} ms"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"policy fan-out: 4 MB to {Subscribers} actors in {median:F1} ms (target < {TargetMilliseconds:F0} ms); between machines "
        + $"{wireMedian:F1} ms, {ratio:F2}x a bare stream (target <= {TargetRatio}x)"));
return median < TargetMilliseconds && ratio <= TargetRatio ? 0 : 1;

static double Percentile(List<double> times, double share) => times.Skip(WarmUp).Order().ElementAt((int)(Rounds * share));

void Publish(long version) => experiment.Policies.Publish(
    new PolicySnapshot { Experiment = experiment.Directory.Id, Version = version, Parameters = parameters });

async Task SubscribeAsync(Action<long> received, CancellationToken stop)
{
    using var channel = Channels.Open(options.Listen[0], options);
    using var call = new Policies.PoliciesClient(channel)
        .Subscribe(new SubscribeRequest { Experiment = experiment.Directory.Id }, cancellationToken: stop);
    await foreach (var snapshot in call.ResponseStream.ReadAllAsync(stop))
    {
        received(snapshot.Version);
    }
}

Task ReceiveAsync(Action<long> received, CancellationToken stop) =>
    BareFanout.ReceiveAsync(options.Listen[0].SocketPath!, received, stop);

async Task FollowAsync(Action<long> received, CancellationToken stop)
{
    using var channel = Channels.Open(options.Listen[0], options);
    await using var follower = new PolicyFollower(new(channel), experiment.Directory.Id, evaluationsOnly: false, NullLogger.Instance);
    for (long seen = 0; ;)
    {
        seen = (await follower.WaitAsync(seen, stop)).Version;
        received(seen);
    }
}
