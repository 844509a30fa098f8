using Rapid.Learner.Runs;

namespace Rapid.Learner.Tests.Experiments;

public sealed class RunProgressTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rapid-progress-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0, null)]
    [InlineData(0, null, "")]
    [InlineData(7, null, """{"kind":"train","step":7}""")]
    [InlineData(
        9, 3.5, """{"kind":"train","step":8}""", """{"kind":"evaluation","step":8,"return_mean":3.5}""", """{"kind":"train","step":9}""")]
    [InlineData(
        8, 4.0, """{"kind":"evaluation","step":4,"return_mean":1}""", """{"kind":"train","step":8}""",
        """{"kind":"evaluation","step":8,"return_mean":4}""")]
    [InlineData(8, null, """{"kind":"train","step":8}""", """{"kind":"train","st""")]
    [InlineData(9, null, """{"kind":"train","step":8}""", """{"kind":"tr{"kind":"train","step":9}""", """{"kind":"train","step":9}""")]
    [InlineData(0, null, "null", "[]", "7", "no line at all")]
    public void Progress_is_that_of_the_newest_whole_lines(long step, double? evaluation, params string[] lines)
    {
        foreach (var end in new[] { "", "\n" })
        {
            File.WriteAllText(Path.Combine(_folder, "metrics.jsonl"), string.Join('\n', lines) + end);
            Assert.Equal((step, evaluation), new RunDirectory(_folder).ReadProgress());
        }
    }

    [Fact]
    public void A_run_without_metrics_is_at_its_beginning() => Assert.Equal((0, null), new RunDirectory(_folder).ReadProgress());
}
