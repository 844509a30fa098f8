using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Learner.Runs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Learner.Tests.Experiments;

public sealed class LocalQueueTests : IDisposable
{
    private readonly DirectoryInfo _runs = Directory.CreateTempSubdirectory("rapid-test-");
    private readonly List<ExperimentRecord> _records = [];
    private readonly List<ExperimentRecord> _running = [];

    public void Dispose()
    {
        _records.ForEach(record => record.Dispose());
        _runs.Delete(recursive: true);
    }

    [Fact]
    public async Task Submitters_take_turns_and_each_ones_oldest_goes_first()
    {
        var queue = Queue(parallel: 1);
        var (a1, a2, a3, b1, b2) = (Record("a"), Record("a"), Record("a"), Record("b"), Record("b"));
        Array.ForEach([a1, a2, a3, b1, b2], record => queue.Add(record));

        foreach (var next in new[] { a1, b1, a2, b2, a3, null })
        {
            Assert.Equal(next, await NextOf(queue));
        }

        // Whose turn it was is not forgotten while nothing of his waits.
        Array.ForEach([Record("a"), Record("b")], record => queue.Add(record));
        Assert.Equal("b", (await NextOf(queue))!.Submitter);
        Assert.Equal("a", (await NextOf(queue))!.Submitter);
    }

    [Fact]
    public async Task As_many_run_as_the_option_and_the_cores_allow_and_the_next_is_not_passed_over()
    {
        var queue = Queue(parallel: 3, cores: 4);
        var (small, large, later) = (Record("a"), Record("a", threads: 8), Record("a"));
        Array.ForEach([small, large, later], record => queue.Add(record));

        await TakeAsync(queue, small);
        await TakeAsync(queue, null);
        _running.Clear();
        await TakeAsync(queue, large);
        await TakeAsync(queue, null);
        _running.Clear();
        await TakeAsync(queue, later);
        Array.ForEach([Record("a", threads: 2), Record("a"), Record("a")], record => queue.Add(record));
        await TakeAsync(queue, _records[3]);
        await TakeAsync(queue, _records[4]);
        await TakeAsync(queue, null);
    }

    [Fact]
    public async Task A_submitter_whose_runs_are_as_many_as_allowed_waits_and_others_go_on()
    {
        var queue = Queue(parallel: 4, new ServiceLimits { RunningPerSubmitter = 1 });
        var (a1, a2, b1) = (Record("a"), Record("a"), Record("b"));
        Array.ForEach([a1, a2, b1], record => queue.Add(record));

        await TakeAsync(queue, a1);
        await TakeAsync(queue, b1);
        await TakeAsync(queue, null);
        _running.Remove(a1);
        await TakeAsync(queue, a2);
    }

    [Fact]
    public async Task What_a_learner_left_in_the_middle_goes_before_all_that_waits()
    {
        var queue = Queue(parallel: 2);
        var (waiting, first, second) = (Record("b"), Record("a", ExperimentState.Running), Record("a", ExperimentState.Running));
        Array.ForEach([waiting, first, second], record => queue.Add(record));

        await TakeAsync(queue, first);
        await TakeAsync(queue, second);
        _running.Clear();
        await TakeAsync(queue, waiting);
    }

    [Fact]
    public async Task A_run_with_which_the_learner_died_twice_runs_alone_until_it_has_a_checkpoint()
    {
        var queue = Queue(parallel: 3);
        var (innocent, suspect, later) = (Record("a"), Record("a"), Record("a"));
        suspect.Directory.BeginLife();
        suspect.Directory.BeginLife();
        Array.ForEach([innocent, suspect, later], record => queue.Add(record));

        await TakeAsync(queue, innocent);
        await TakeAsync(queue, null);
        _running.Clear();
        await TakeAsync(queue, suspect);
        suspect.Directory.BeginLife();
        await TakeAsync(queue, null);
        Directory.CreateDirectory(Path.Combine(suspect.Directory.Checkpoints, "step-000000000007"));
        await TakeAsync(queue, later);
    }

    [Fact]
    public async Task One_that_waits_again_before_its_run_has_ended_is_not_taken_twice()
    {
        var queue = Queue(parallel: 2);
        var record = Record("a");
        queue.Add(record);
        await TakeAsync(queue, record);
        queue.Add(record);
        await TakeAsync(queue, null);
    }

    private static LocalQueue Queue(int parallel, ServiceLimits? limits = null, int cores = 8) =>
        new(new RunOrder(new ServiceOptions { Listen = [], ParallelRuns = parallel, Limits = limits ?? new() }, cores));

    private Task<ExperimentRecord?> NextOf(LocalQueue queue) => queue.TryTakeAsync(_running, _ => null, CancellationToken.None);

    private ExperimentRecord Record(string submitter, ExperimentState state = ExperimentState.Pending, int threads = 1)
    {
        var spec = SpecReader.ReadYaml("environment: { name: CartPole-v1 }", [$"learner.threads={threads}"]);
        var directory = RunDirectory.Create(_runs.FullName, spec, submitter);
        directory.WriteState(state, null);
        _records.Add(new ExperimentRecord(directory, spec, () => false));
        return _records[^1];
    }

    private ExperimentRecord Record(string submitter, int threads) => Record(submitter, ExperimentState.Pending, threads);

    private async Task TakeAsync(LocalQueue queue, ExperimentRecord? expected)
    {
        var next = await NextOf(queue);
        Assert.Equal(expected?.Directory.Id, next?.Directory.Id);
        if (next is not null)
        {
            _running.Add(next);
        }
    }
}
