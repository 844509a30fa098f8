using Rapid.Learner.Queue;
using Rapid.Learner.Runs;

namespace Rapid.Learner.Tests.Experiments;

/// <summary>What a learner sees of a run that another trains.</summary>
public sealed class RunFollowerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-follow-");
    private readonly List<long> _seen = [];

    private string File => Path.Combine(_folder.FullName, "metrics.jsonl");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Lines_are_told_once_when_they_are_complete_also_across_owners_of_the_run()
    {
        var follower = new RunFollower(new RunDirectory(_folder.FullName));
        Write(0, 10, 20);
        AssertSees(follower);
        Add(30);
        Add(40);
        AssertSees(follower, 30, 40);
        System.IO.File.AppendAllText(File, Line(50)[..20]);
        AssertSees(follower);
        System.IO.File.AppendAllText(File, Line(50)[20..]);
        AssertSees(follower, 50);

        // The next owner goes on from a checkpoint at 20, and soon the file is longer than it was.
        Write(0, 10, 20, 31, 41, 51, 61, 71);
        AssertSees(follower, 51, 61, 71);
        Add(81);
        AssertSees(follower, 81);

        // Who trained it here knows what was written.
        Add(91);
        follower.Skip();
        AssertSees(follower);
        Add(101);
        AssertSees(follower, 101);
    }

    [Fact]
    public void A_run_that_has_written_nothing_yet_is_followed_from_its_first_line()
    {
        var follower = new RunFollower(new RunDirectory(_folder.FullName));
        AssertSees(follower);
        Add(10);
        AssertSees(follower, 10);
    }

    private static string Line(long step) =>
        $$$"""{"step":{{{step}}},"kind":"train","loss":{{{step}}}.5,"bad":null,"time":{"wall_seconds":1}}""" + "\n";

    private void Write(params long[] steps) => System.IO.File.WriteAllText(File, string.Concat(steps.Select(Line)));

    private void Add(long step) => System.IO.File.AppendAllText(File, Line(step));

    private void AssertSees(RunFollower follower, params long[] steps)
    {
        _seen.Clear();
        follower.Read((step, kind, values) =>
        {
            Assert.Equal("train", kind);
            Assert.Equal(["loss", "bad", "wall_seconds"], values.Select(value => value.Name));
            Assert.Equal(step + 0.5, values[0].Value);
            _seen.Add(step);
        });
        Assert.Equal(steps, _seen);
    }
}
