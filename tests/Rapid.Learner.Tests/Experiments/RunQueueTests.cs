using Rapid.Hosting;
using Rapid.Learner.Experiments;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Experiments;

public sealed class RunQueueTests : IDisposable
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
    public void Submitters_take_turns_and_each_ones_oldest_goes_first()
    {
        var queue = Queue(parallel: 1);
        var (a1, a2, a3, b1, b2) = (Record("a"), Record("a"), Record("a"), Record("b"), Record("b"));
        Array.ForEach([a1, a2, a3, b1, b2], queue.Add);

        Assert.Equal([a1, b1, a2, b2, a3, null], Enumerable.Range(0, 6).Select(_ => queue.TryTake([])));

        // Whose turn it was is not forgotten while nothing of his waits.
        Array.ForEach([Record("a"), Record("b")], queue.Add);
        Assert.Equal(["b", "a"], Enumerable.Range(0, 2).Select(_ => queue.TryTake([])!.Submitter));
    }

    [Fact]
    public void As_many_run_as_the_option_and_the_cores_allow_and_the_next_is_not_passed_over()
    {
        var queue = Queue(parallel: 3, cores: 4);
        var (small, large, later) = (Record("a"), Record("a", threads: 8), Record("a"));
        Array.ForEach([small, large, later], queue.Add);

        Take(queue, small);
        Take(queue, null);
        _running.Clear();
        Take(queue, large);
        Take(queue, null);
        _running.Clear();
        Take(queue, later);
        Array.ForEach([Record("a", threads: 2), Record("a"), Record("a")], queue.Add);
        Take(queue, _records[3]);
        Take(queue, _records[4]);
        Take(queue, null);
    }

    [Fact]
    public void A_submitter_whose_runs_are_as_many_as_allowed_waits_and_others_go_on()
    {
        var queue = Queue(parallel: 4, new ServiceLimits { RunningPerSubmitter = 1 });
        var (a1, a2, b1) = (Record("a"), Record("a"), Record("b"));
        Array.ForEach([a1, a2, b1], queue.Add);

        Take(queue, a1);
        Take(queue, b1);
        Take(queue, null);
        _running.Remove(a1);
        Take(queue, a2);
    }

    [Fact]
    public void What_a_learner_left_in_the_middle_goes_before_all_that_waits()
    {
        var queue = Queue(parallel: 2);
        var (waiting, first, second) = (Record("b"), Record("a", ExperimentState.Running), Record("a", ExperimentState.Running));
        Array.ForEach([waiting, first, second], queue.Add);

        Take(queue, first);
        Take(queue, second);
        _running.Clear();
        Take(queue, waiting);
    }

    [Fact]
    public void A_run_with_which_the_learner_died_twice_runs_alone_until_it_has_a_checkpoint()
    {
        var queue = Queue(parallel: 3);
        var (innocent, suspect, later) = (Record("a"), Record("a"), Record("a"));
        suspect.Directory.BeginLife();
        suspect.Directory.BeginLife();
        Array.ForEach([innocent, suspect, later], queue.Add);

        Take(queue, innocent);
        Take(queue, null);
        _running.Clear();
        Take(queue, suspect);
        suspect.Directory.BeginLife();
        Take(queue, null);
        Directory.CreateDirectory(Path.Combine(suspect.Directory.Checkpoints, "step-000000000007"));
        Take(queue, later);
    }

    [Fact]
    public void One_that_waits_again_before_its_run_has_ended_is_not_taken_twice()
    {
        var queue = Queue(parallel: 2);
        var record = Record("a");
        queue.Add(record);
        Take(queue, record);
        queue.Add(record);
        Take(queue, null);
    }

    private static RunQueue Queue(int parallel, ServiceLimits? limits = null, int cores = 8) =>
        new(new ServiceOptions { Listen = [], ParallelRuns = parallel, Limits = limits ?? new() }, cores);

    private ExperimentRecord Record(string submitter, ExperimentState state = ExperimentState.Pending, int threads = 1)
    {
        var spec = SpecReader.ReadYaml("environment: { name: CartPole-v1 }", [$"learner.threads={threads}"]);
        var directory = RunDirectory.Create(_runs.FullName, spec, submitter);
        directory.WriteState(state, null);
        _records.Add(new ExperimentRecord(directory, spec, () => false));
        return _records[^1];
    }

    private ExperimentRecord Record(string submitter, int threads) => Record(submitter, ExperimentState.Pending, threads);

    private void Take(RunQueue queue, ExperimentRecord? expected)
    {
        var next = queue.TryTake(_running);
        Assert.Equal(expected?.Directory.Id, next?.Directory.Id);
        if (next is not null)
        {
            _running.Add(next);
        }
    }
}
