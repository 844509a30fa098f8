using Rapid.Learner.Publishing;
using Rapid.Learner.Slots;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests;

public class CoordinationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_slow_subscriber_skips_to_the_newest_policy()
    {
        var hub = new PolicyHub();
        hub.Publish(new PolicySnapshot { Version = 1 });
        await using var policies = hub.SubscribeAsync(0, false, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await policies.MoveNextAsync());
        Assert.Equal(1, policies.Current.Version);
        hub.Publish(new PolicySnapshot { Version = 2 });
        hub.Publish(new PolicySnapshot { Version = 3 });
        Assert.True(await policies.MoveNextAsync());
        Assert.Equal(3, policies.Current.Version);
        hub.Complete();
        Assert.False(await policies.MoveNextAsync());
    }

    [Fact]
    public async Task Evaluators_get_only_snapshots_that_ask_for_an_evaluation()
    {
        var hub = new PolicyHub();
        hub.Publish(new PolicySnapshot { Version = 1, EvaluationEpisodes = 5 });
        hub.Publish(new PolicySnapshot { Version = 2 });
        await using var policies = hub.SubscribeAsync(0, true, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await policies.MoveNextAsync());
        Assert.Equal(1, policies.Current.Version);
        var next = policies.MoveNextAsync();
        hub.Publish(new PolicySnapshot { Version = 3 });
        hub.Publish(new PolicySnapshot { Version = 4, EvaluationEpisodes = 5 });
        hub.Publish(new PolicySnapshot { Version = 5, EvaluationEpisodes = 5 });

        // None is skipped: the next comes when one has its score, and is there for another evaluator until it has.
        hub.CloseEvaluation(1);
        Assert.True(await next.AsTask().WaitAsync(Patience));
        Assert.Equal(4, policies.Current.Version);
        await using var other = hub.SubscribeAsync(0, true, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await other.MoveNextAsync().AsTask().WaitAsync(Patience));
        Assert.Equal(4, other.Current.Version);
        hub.CloseEvaluation(4);
        Assert.True(await policies.MoveNextAsync().AsTask().WaitAsync(Patience));
        Assert.Equal(5, policies.Current.Version);
        Assert.Equal((false, true), (hub.AskedToEvaluate(4), hub.AskedToEvaluate(5)));
    }

    [Fact]
    public async Task Slots_are_spread_evenly_and_pass_on_when_a_worker_leaves()
    {
        using var board = new AssignmentBoard(TimeSpan.FromMilliseconds(50));
        using var leaving = new CancellationTokenSource();
        var first = new Worker(board, "first", leaving.Token);
        var second = new Worker(board, "second", CancellationToken.None);
        board.Begin(new Assignment { Experiment = "x" }, 4);
        await Until(() => first.Slots.Length == 2 && second.Slots.Length == 2);
        Assert.Equal(new uint[] { 0, 1, 2, 3 }, first.Slots.Concat(second.Slots).Order());
        var kept = second.Slots.ToArray();
        await leaving.CancelAsync();
        await Until(() => second.Slots.Length == 4);
        Assert.Subset(second.Slots.ToHashSet(), kept.ToHashSet());
        board.End("x");
        await Until(() => second.Slots.Length == 0);
    }

    [Fact]
    public async Task No_worker_gets_more_slots_than_it_can_fill()
    {
        using var board = new AssignmentBoard(TimeSpan.FromMilliseconds(10));
        var worker = new Worker(board, "only", CancellationToken.None, maxSlots: 2);
        board.Begin(new Assignment { Experiment = "x" }, 5);
        await Until(() => worker.Slots.Length == 2);
        await Task.Delay(200);
        Assert.Equal(2, worker.Slots.Length);
    }

    [Fact]
    public async Task A_report_counts_once_and_waiting_ends_without_evaluators()
    {
        var hasEvaluator = true;
        var inbox = new EvaluationInbox(() => hasEvaluator);
        var waiting = inbox.WaitAsync(7, TimeSpan.FromMilliseconds(100), CancellationToken.None);
        Assert.True(inbox.Add(new EvaluationReport { PolicyVersion = 7 }));
        Assert.False(inbox.Add(new EvaluationReport { PolicyVersion = 7 }));
        Assert.True(await waiting.WaitAsync(Patience));
        Assert.True(inbox.TryTake(out _));
        Assert.False(inbox.TryTake(out _));
        hasEvaluator = false;
        Assert.False(await inbox.WaitAsync(8, TimeSpan.FromMilliseconds(100), CancellationToken.None).WaitAsync(Patience));
    }

    private static async Task Until(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "what was waited for did not happen");
            await Task.Delay(10);
        }
    }

    private sealed class Worker
    {
        private volatile uint[] _slots = [];

        public Worker(AssignmentBoard board, string name, CancellationToken leaving, uint maxSlots = 100) => _ = Task.Run(async () =>
        {
            var request = new EnlistRequest { Worker = name, Role = WorkerRole.Actor, MaxSlots = maxSlots };
            await foreach (var assignment in board.EnlistAsync(request, leaving))
            {
                _slots = [.. assignment.Slots];
            }
        });

        public uint[] Slots => _slots;
    }
}
