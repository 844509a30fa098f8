using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Learner;
using Rapid.Learner.Experiments;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

// How long the weights of a policy with a million parameters take from their publication until the last of 16 subscribed actors has them,
// through the real service on a unix socket, each actor with a connection of its own.
const int Subscribers = 16, Parameters = 1_000_000, Rounds = 60, WarmUp = 10;
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

using var stop = new CancellationTokenSource();
var arrived = new SemaphoreSlim(0);
List<GrpcChannel> channels = [];
for (var i = 0; i < Subscribers; i++)
{
    var channel = Channels.Open(options.Listen[0], options);
    channels.Add(channel);
    _ = Task.Run(async () =>
    {
        using var call = new Policies.PoliciesClient(channel).Subscribe(new SubscribeRequest { Experiment = experiment.Directory.Id }, cancellationToken: stop.Token);
        await foreach (var _ in call.ResponseStream.ReadAllAsync(stop.Token))
        {
            arrived.Release();
        }
    });
}

var times = new List<double>();
for (var round = 1; round <= Rounds + WarmUp; round++)
{
    var clock = Stopwatch.StartNew();
    experiment.Policies.Publish(new PolicySnapshot { Experiment = experiment.Directory.Id, Version = round, Parameters = parameters });
    for (var i = 0; i < Subscribers; i++)
    {
        await arrived.WaitAsync(TimeSpan.FromSeconds(30));
    }

    if (round > WarmUp)
    {
        times.Add(clock.Elapsed.TotalMilliseconds);
    }
}

await stop.CancelAsync();
channels.ForEach(channel => channel.Dispose());
await experiment.Cancellation.CancelAsync();
await app.StopAsync();
directory.Delete(recursive: true);
times.Sort();
var median = times[times.Count / 2];
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fastest {times[0]:F1} ms, 90th percentile {times[times.Count * 9 / 10]:F1} ms"));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"policy fan-out: 4 MB to {Subscribers} subscribers in {median:F1} ms, median of {Rounds} (target < {TargetMilliseconds:F0} ms)"));
return median < TargetMilliseconds ? 0 : 1;
