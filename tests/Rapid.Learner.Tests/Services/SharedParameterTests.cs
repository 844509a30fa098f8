using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Learner.Publishing;
using Rapid.Policies;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Services;

/// <summary>Policies for actors on the learner's own machine.</summary>
public class SharedParameterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_follower_on_the_same_machine_gets_the_same_parameters_through_shared_memory()
    {
        await using var services = new LearnerAndReplay();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        using var probe = SharedMemoryProbe.Create()!;
        using var call = Subscribe(services, record, probe);
        await using var follower = new PolicyFollower(new(services.ToLearner), record.Directory.Id, evaluationsOnly: false, NullLogger.Instance);
        var published = Publish(record, 1);

        Assert.True(await call.ResponseStream.MoveNext(default).WaitAsync(Patience));
        Assert.Empty(call.ResponseStream.Current.Parameters);
        Assert.True(File.Exists(PathOf(call.ResponseStream.Current)));
        Assert.Equal(published, await follower.WaitAsync(0, default).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_follower_elsewhere_gets_them_in_the_message()
    {
        await using var services = new LearnerAndReplay();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        var published = Publish(record, 1);
        foreach (var probe in new[] { "", Guid.NewGuid().ToString("N"), "../../etc/passwd" })
        {
            var request = new SubscribeRequest { Experiment = record.Directory.Id, SharedMemoryProbe = probe };
            using var call = Client(services).Subscribe(request);
            Assert.True(await call.ResponseStream.MoveNext(default).WaitAsync(Patience));
            Assert.Equal(published, call.ResponseStream.Current);
        }
    }

    [Fact]
    public async Task A_follower_that_finds_nothing_in_shared_memory_goes_on_through_the_connection()
    {
        await using var services = new LearnerAndReplay();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        using var probe = SharedMemoryProbe.Create()!;
        using var call = Subscribe(services, record, probe);
        var published = Publish(record, 1);
        Assert.True(await call.ResponseStream.MoveNext(default).WaitAsync(Patience));
        File.Delete(PathOf(call.ResponseStream.Current));
        await using var follower = new PolicyFollower(new(services.ToLearner), record.Directory.Id, evaluationsOnly: false, NullLogger.Instance);
        Assert.Equal(published, await follower.WaitAsync(0, default).WaitAsync(Patience));
    }

    [Fact]
    public async Task Only_the_newest_few_are_kept_and_none_when_nobody_follows_or_the_learner_stops()
    {
        await using var services = new LearnerAndReplay();
        await services.StartLearnerAsync();
        var record = services.Registry.Submit(LearnerAndReplay.Spec(1));
        string folder;
        using var probe = SharedMemoryProbe.Create()!;
        using (var call = Subscribe(services, record, probe))
        {
            var seen = new List<string>();
            for (var version = 1; version <= 10; version++)
            {
                Publish(record, version);
                Assert.True(await call.ResponseStream.MoveNext(default).WaitAsync(Patience));
                Assert.Equal(version, call.ResponseStream.Current.Version);
                seen.Add(PathOf(call.ResponseStream.Current));
            }

            folder = Path.GetDirectoryName(seen[0])!;
            Assert.Equal(10, seen.Distinct().Count());
            Assert.Equal(seen[^4..], seen.Where(File.Exists));
        }

        await LearnerAndReplay.Until(() => Directory.GetFiles(folder).Length == 1);
        await services.StopLearnerAsync();
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void What_a_killed_learner_left_behind_is_removed_and_what_a_living_one_uses_stays()
    {
        var dead = Directory.CreateDirectory(SharedMemory.FolderPath(Guid.NewGuid().ToString("N"))!).FullName;
        File.WriteAllText(Path.Combine(dead, "owner"), "");
        File.WriteAllText(Path.Combine(dead, "1"), "parameters");
        using var living = new SharedParameterFolder(NullLogger<SharedParameterFolder>.Instance);
        Assert.False(Directory.Exists(dead));

        using var subscription = living.Open("x");
        var received = subscription.Share(new PolicySnapshot { Version = 1, Parameters = ByteString.CopyFromUtf8("parameters") }).Clone();
        using var other = new SharedParameterFolder(NullLogger<SharedParameterFolder>.Instance);
        SharedMemory.ReadIn(received);
        Assert.Equal("parameters", received.Parameters.ToStringUtf8());
    }

    [Fact]
    public void Names_that_lead_elsewhere_are_refused()
    {
        var snapshot = new PolicySnapshot { SharedParameters = new SharedParameters { Folder = "../../etc", File = 1, Length = 1 } };
        Assert.Throws<IOException>(() => SharedMemory.ReadIn(snapshot));
        Assert.Null(SharedMemory.ProbePath("../../etc/passwd"));
    }

    private static string PathOf(PolicySnapshot snapshot) =>
        SharedMemory.FilePath(SharedMemory.FolderPath(snapshot.SharedParameters.Folder)!, snapshot.SharedParameters.File);

    private static Protocol.V1.Policies.PoliciesClient Client(LearnerAndReplay services) => new(services.ToLearner);

    private static AsyncServerStreamingCall<PolicySnapshot> Subscribe(
        LearnerAndReplay services, ExperimentRecord record, SharedMemoryProbe probe) =>
        Client(services).Subscribe(new SubscribeRequest { Experiment = record.Directory.Id, SharedMemoryProbe = probe.Name });

    private static PolicySnapshot Publish(ExperimentRecord record, long version)
    {
        var bytes = new byte[10_000];
        new Random((int)version).NextBytes(bytes);
        var snapshot = new PolicySnapshot
        {
            Experiment = record.Directory.Id,
            Version = version,
            Graph = new PolicyGraph { Elements = 3 },
            Parameters = ByteString.CopyFrom(bytes),
        };
        record.Policies.Publish(snapshot);
        return snapshot;
    }
}
