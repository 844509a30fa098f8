using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Learner.Queue;
using Rapid.Learner.Runs;
using Rapid.Protocol.V1;
using Rapid.Redis;

namespace Rapid.Learner.Tests.Experiments;

/// <summary>The queue that learners share, on a real Redis. The learners here are on machines that nobody can look at: their leases end by
/// time alone.</summary>
public sealed class SharedQueueTests : IDisposable
{
    private const string Prefix = "rapid:queue:v1:{queue}:";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-queue-");
    private readonly RedisServer _redis = new(fsync: "no");

    public void Dispose()
    {
        _redis.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Each_run_is_taken_by_one_learner_in_the_order_in_which_they_came()
    {
        await using var first = new Learner("first", _redis);
        await using var second = new Learner("second", _redis);
        var runs = Enumerable.Range(1, 4).Select(seed => RunDirectory.Create(_folder.FullName, LearnerAndReplay.Spec(seed))).ToList();
        foreach (var run in runs)
        {
            first.Queue.Add(first.Know(run));
            second.Know(run);
        }

        await first.BeatAsync();
        await second.BeatAsync();
        var taken = new[] { await first.TakeAsync(), await second.TakeAsync(), await first.TakeAsync(), await second.TakeAsync() };

        Assert.Equal(runs.Select(run => run.Id), taken.Select(record => record.Directory.Id));
        Assert.All(taken, record => Assert.True(record.Lease!.Epoch > 0));
        Assert.Null(await second.Queue.TryHoldAsync(second.Records[runs[0].Id], CancellationToken.None));
        taken.ToList().ForEach(record => record.Dispose());
    }

    [Fact]
    public async Task A_run_whose_learner_says_nothing_goes_to_another_under_a_greater_token_and_the_first_may_not_write()
    {
        await using var silent = new Learner("silent", _redis);
        await using var other = new Learner("other", _redis);
        var run = RunDirectory.Create(_folder.FullName, LearnerAndReplay.Spec(1));
        silent.Queue.Add(silent.Know(run));
        other.Know(new RunDirectory(run.Path));
        await silent.BeatAsync();
        var lost = await silent.TakeAsync();
        var (epoch, _) = lost.Directory.BeginLife(lost.Lease!.Epoch);
        Assert.Equal(lost.Lease.Epoch, epoch);

        var taking = other.TakeAsync();
        while (!taking.IsCompleted)
        {
            await other.BeatAsync();
            await Task.Delay(50);
        }

        var taken = await taking;
        Assert.True(taken.Lease!.Epoch > epoch);
        Assert.True(lost.Lease.Lost.IsCancellationRequested);
        Assert.Throws<LeaseLostException>(() => lost.Directory.WriteState(ExperimentState.Failed, "written by who has lost it"));
        Assert.Throws<LeaseLostException>(() => lost.Set(ExperimentState.Finished));
        taken.Directory.WriteState(ExperimentState.Running, null);

        // Its next sign of life changes nothing, and what it gives back is not its own any more.
        await silent.BeatAsync();
        lost.ReturnLease();
        await silent.Queue.WaitUntilIdleAsync(CancellationToken.None);
        await other.BeatAsync();
        Assert.False(taken.Lease.IsLost);
        taken.Dispose();
    }

    [Fact]
    public async Task A_learner_says_again_what_it_trains_when_Redis_has_forgotten_everything()
    {
        await using var learner = new Learner("learner", _redis);
        await using var other = new Learner("other", _redis);
        var run = RunDirectory.Create(_folder.FullName, LearnerAndReplay.Spec(1));
        learner.Queue.Add(learner.Know(run));
        other.Know(new RunDirectory(run.Path));
        await learner.BeatAsync();
        var record = await learner.TakeAsync();

        await _redis.CommandAsync("FLUSHALL");
        await learner.BeatAsync();
        await learner.BeatAsync();

        var seen = Assert.Single((await other.BeatAsync()).Runs);
        Assert.Equal((run.Id, learner.Queue.Owner), (seen.Id, seen.Owner));
        Assert.False(record.Lease!.IsLost);
        Assert.Null(await other.Queue.TryHoldAsync(other.Records[run.Id], CancellationToken.None));
        record.Dispose();
    }

    [Fact]
    public async Task A_run_that_is_put_back_waits_its_time_and_one_that_is_over_leaves_nothing_behind()
    {
        await using var learner = new Learner("learner", _redis);
        var run = RunDirectory.Create(_folder.FullName, LearnerAndReplay.Spec(1));
        learner.Queue.Add(learner.Know(run));
        await learner.BeatAsync();
        var record = await learner.TakeAsync();
        await learner.Queue.PutBackAsync(record, TimeSpan.FromMinutes(10), CancellationToken.None);
        record.ReturnLease();
        await learner.Queue.WaitUntilIdleAsync(CancellationToken.None);
        Assert.True(Assert.Single((await learner.BeatAsync()).Runs).IsDelayed);

        // Who cancels it does not wait.
        Assert.True(record.TryOwn(await learner.Queue.TryHoldAsync(record, CancellationToken.None)));
        record.Set(ExperimentState.Cancelled);
        await learner.Queue.WaitUntilIdleAsync(CancellationToken.None);

        Assert.Empty((await learner.BeatAsync()).Runs);
        Assert.False(await learner.Queue.AskToCancelAsync(record, CancellationToken.None));
        Assert.Equal(
            [$"{Prefix}learners", $"{Prefix}ticket"],
            (await _redis.CommandAsync("KEYS", "*")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_learner_that_trains_a_run_hears_that_another_was_asked_to_cancel_it()
    {
        await using var learner = new Learner("learner", _redis);
        await using var other = new Learner("other", _redis);
        var run = RunDirectory.Create(_folder.FullName, LearnerAndReplay.Spec(1));
        learner.Queue.Add(learner.Know(run));
        await learner.BeatAsync();
        var record = await learner.TakeAsync();

        Assert.True(await other.Queue.AskToCancelAsync(other.Know(new RunDirectory(run.Path)), CancellationToken.None));

        Assert.True(Assert.Single((await learner.BeatAsync()).Runs).IsCancelled);
        record.Dispose();
    }

    [Fact]
    public async Task What_the_queue_needs_of_Redis_is_what_it_says()
    {
        using var strict = new RedisServer(
            fsync: "no", more: ["--user", .. $"rapid on >a-secret {QueueScripts.Use.LeastRights}".Split(' ')]);
        await using var learner = new Learner("learner", strict, ",user=rapid,password=a-secret");

        await learner.Queue.CheckAsync(CancellationToken.None);

        Assert.Empty((await learner.BeatAsync()).Runs);
        await learner.Queue.LeaveAsync(CancellationToken.None);
    }

    /// <summary>A run that learners without Redis and learners with it see has one owner all the same.</summary>
    [Fact]
    public async Task The_lock_of_a_folder_is_shared_by_those_who_have_leases_and_by_nobody_else()
    {
        await using var learner = new Learner("learner", _redis);
        var record = learner.Know(RunDirectory.Create(_folder.FullName, LearnerAndReplay.Spec(1)));
        await learner.BeatAsync();
        using (record.Directory.TryLock())
        {
            Assert.Null(await learner.Queue.TryHoldAsync(record, CancellationToken.None));
        }

        using var held = await learner.Queue.TryHoldAsync(record, CancellationToken.None);
        Assert.NotNull(held);
        Assert.Null(record.Directory.TryLock());
        using var shared = record.Directory.TryLock(shared: true);
        Assert.NotNull(shared);
    }

    /// <summary>As much of a learner as its queue needs.</summary>
    private sealed class Learner : IAsyncDisposable
    {
        private readonly RedisConnection _connection;
        private readonly CancellationTokenSource _stop = new();

        public Learner(string name, RedisServer redis, string login = "")
        {
            _connection = new RedisConnection(
                new ServiceOptions { Listen = [], Redis = redis.Configuration + login }, QueueScripts.Use,
                NullLogger<RedisConnection>.Instance);
            Queue = new SharedQueue(
                _connection, new RunOrder(new ServiceOptions { Listen = [] }, cores: 1), NullLogger<SharedQueue>.Instance,
                $"machine of {name}|pid:[1]|1|{name}");
        }

        public SharedQueue Queue { get; }

        public Dictionary<string, ExperimentRecord> Records { get; } = [];

        public ExperimentRecord Know(RunDirectory run) =>
            Records[run.Id] = new ExperimentRecord(new RunDirectory(run.Path), run.ReadOptions(), () => false);

        public async Task<QueueView> BeatAsync()
        {
            while (true)
            {
                try
                {
                    return await Queue.BeatAsync("", CancellationToken.None);
                }
                catch (Exception error) when (RedisRefusal.Passes(error))
                {
                    // It has not started yet.
                    await Task.Delay(50);
                }
            }
        }

        public async Task<ExperimentRecord> TakeAsync()
        {
            while (true)
            {
                var changed = Queue.Changed;
                if (await Queue.TryTakeAsync([], Records.GetValueOrDefault, _stop.Token) is { } record)
                {
                    return record;
                }

                await changed.WaitAsync(_stop.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _stop.Dispose();
            await _connection.DisposeAsync();
        }
    }
}
