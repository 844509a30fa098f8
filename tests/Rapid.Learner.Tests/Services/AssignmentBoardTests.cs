using Rapid.Learner.Slots;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Services;

public class AssignmentBoardTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_worker_that_enlists_again_takes_over_from_its_broken_connection()
    {
        using var board = new AssignmentBoard(TimeSpan.Zero);
        await using var broken = Enlist(board, "actor");
        board.Begin(new Assignment { Experiment = "x" }, 2);
        while ((await Next(broken)).Slots.Count < 2)
        {
        }

        await using var again = Enlist(board, "actor");
        while ((await Next(again)).Slots.Count < 2)
        {
        }

        Assert.False(await broken.MoveNextAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Within_the_grace_nobody_gets_a_second_slot_and_nothing_is_sent_without_a_change()
    {
        using var board = new AssignmentBoard(TimeSpan.FromHours(1));
        await using var first = Enlist(board, "first");
        Assert.Empty((await Next(first)).Slots);
        board.Begin(new Assignment { Experiment = "x" }, 3);
        while ((await Next(first)).Slots.Count != 1)
        {
        }

        await using var second = Enlist(board, "second");
        var other = await Next(second);
        Assert.Equal([1u], other.Slots);
        Assert.Equal("x", other.Experiment);
        var more = first.MoveNextAsync().AsTask();
        await using var evaluator = Enlist(board, "evaluator", WorkerRole.Evaluator);
        Assert.Equal("x", (await Next(evaluator)).Experiment);
        Assert.True(board.HasEvaluator);
        await second.DisposeAsync();

        // An assignment is sent when it changes and not otherwise.
        Assert.False(more.IsCompleted);
        board.End("x");
        Assert.True(await more.WaitAsync(Patience));
        Assert.Equal("", first.Current.Experiment);
    }

    [Fact]
    public async Task The_slots_of_the_worker_that_left_go_to_the_least_loaded()
    {
        using var board = new AssignmentBoard(TimeSpan.Zero);
        await using var busy = Enlist(board, "busy");
        board.Begin(new Assignment { Experiment = "x" }, 2);
        while ((await Next(busy)).Slots.Count < 2)
        {
        }

        await using var leaving = Enlist(board, "leaving");
        Assert.Empty((await Next(leaving)).Slots);
        await using var idle = Enlist(board, "idle");
        Assert.Empty((await Next(idle)).Slots);
        board.End("x");
        board.Begin(new Assignment { Experiment = "y" }, 3);
        await Until(busy, 1);
        await Until(leaving, 1);
        await Until(idle, 1);
        await busy.DisposeAsync();
        await leaving.DisposeAsync();
        await Until(idle, 3);
    }

    [Fact]
    public async Task Slots_are_shared_evenly_and_each_is_held_once_while_workers_come_and_go()
    {
        const int Slots = 10_000, Workers = 100;
        using var board = new AssignmentBoard(TimeSpan.Zero);
        var request = new EnlistRequest { Role = WorkerRole.Actor, MaxSlots = uint.MaxValue };
        var workers = Enumerable.Range(0, Workers)
            .Select(worker => board.EnlistAsync(
                new EnlistRequest(request) { Worker = $"{worker}" }, CancellationToken.None).GetAsyncEnumerator())
            .ToList();
        foreach (var worker in workers)
        {
            await Next(worker);
        }

        board.Begin(new Assignment { Experiment = "y" }, Slots);
        var held = await Task.WhenAll(workers.Select(worker => Until(worker, Slots / Workers)));
        Assert.Equal(Slots, held.SelectMany(slots => slots).Distinct().Count());

        foreach (var leaving in workers[..(Workers / 2)])
        {
            await leaving.DisposeAsync();
        }

        held = await Task.WhenAll(workers[(Workers / 2)..].Select(worker => Until(worker, 2 * Slots / Workers)));
        Assert.Equal(Slots, held.SelectMany(slots => slots).Distinct().Count());
        foreach (var worker in workers[(Workers / 2)..])
        {
            await worker.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_second_experiment_gets_actors_of_the_first_and_gives_them_back_and_evaluators_score_both()
    {
        using var board = new AssignmentBoard(TimeSpan.Zero);
        await using var first = Enlist(board, "first");
        await using var second = Enlist(board, "second");
        await using var evaluator = Enlist(board, "evaluator", WorkerRole.Evaluator);
        foreach (var worker in (IAsyncEnumerator<Assignment>[])[first, second, evaluator])
        {
            Assert.Equal("", (await Next(worker)).Experiment);
        }

        board.Begin(new Assignment { Experiment = "x" }, 2);
        Assert.Equal([0u], (await Next(first)).Slots);
        Assert.Equal([1u], (await Next(second)).Slots);
        board.Begin(new Assignment { Experiment = "y", Table = "of y" }, 2);

        // The one that came last goes over, and the other fills its slot.
        Assert.Equal([0u, 1u], await Until(second, 2));
        Assert.Equal("of y", second.Current.Table);
        Assert.Equal([0u, 1u], (await Next(first)).Slots);
        while ((await Next(evaluator)).Beside.Count == 0)
        {
        }

        Assert.Equal(("x", "y"), (evaluator.Current.Experiment, Assert.Single(evaluator.Current.Beside).Experiment));
        board.End("x");
        Assert.Equal(("y", 0), ((await Next(evaluator)).Experiment, evaluator.Current.Beside.Count));
        Assert.Equal("", (await Next(first)).Experiment);
        board.End("x");
        board.End("y");
        Assert.Equal("", (await Next(second)).Experiment);
    }

    private static IAsyncEnumerator<Assignment> Enlist(AssignmentBoard board, string worker, WorkerRole role = WorkerRole.Actor) =>
        board.EnlistAsync(new EnlistRequest { Worker = worker, Role = role, MaxSlots = 8 }, CancellationToken.None).GetAsyncEnumerator();

    private static async Task<Assignment> Next(IAsyncEnumerator<Assignment> worker)
    {
        Assert.True(await worker.MoveNextAsync().AsTask().WaitAsync(Patience));
        return worker.Current;
    }

    private static async Task<IReadOnlyList<uint>> Until(IAsyncEnumerator<Assignment> worker, int slots)
    {
        while (await Next(worker) is not { Experiment: "y" } assignment || assignment.Slots.Count != slots)
        {
        }

        return worker.Current.Slots;
    }
}
