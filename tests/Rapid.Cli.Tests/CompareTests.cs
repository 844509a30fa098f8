using System.Globalization;
using System.Xml.Linq;

namespace Rapid.Cli.Tests;

/// <summary><c>rapid compare</c> with spec files.</summary>
public sealed class CompareTests : IDisposable
{
    private const string Tiny =
        """
        environment: { name: CartPole-v1 }
        total_steps: 1024
        algorithm: { rollout_steps: 64 }
        evaluation: { interval_steps: 512, episodes: 2, final_episodes: 3 }
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Files_are_taken_as_written_and_the_report_says_what_the_runs_say()
    {
        string[] files = [_folder.Spec("name: plain\n" + Tiny), _folder.Spec("name: quick\n" + Tiny)];
        string[] command = ["compare", .. files, "--seeds", "2"];
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output);
        var runs = Directory.GetDirectories(_folder.Runs).Select(path => new RunFolder(path)).ToList();
        Assert.Equal(4, runs.Count);
        Assert.All(runs, run => Assert.Equal([512L, 1024], run.Evaluations().Select(line => (long)line["step"]!)));

        var comparison = Path.Combine(_folder.Path, "comparison");
        var table = File.ReadAllLines(Path.Combine(comparison, "comparison.md"));
        foreach (var (file, name) in files.Zip(["plain", "quick"]))
        {
            var task = Path.GetFileNameWithoutExtension(file);
            double[] finals = [Final(name, 1), Final(name, 2)];
            Assert.Contains($"| {task} | as written | {Number(finals[0])} | {Number(finals[1])} |", table);
            var deviation = Math.Abs(finals[0] - finals[1]) / 2;
            Assert.Contains($"| {task} | 1,024 | 2 | **{Number(finals.Average())}** ± {Number(deviation)} |", table);
            var shapes = XDocument.Load(Path.Combine(comparison, $"{task}.svg")).Descendants().ToList();

            // The curve and its mark in the legend; the band.
            Assert.Equal(2, shapes.Count(shape => (string?)shape.Attribute("stroke") == "#0072B2"));
            Assert.Single(shapes, shape => (string?)shape.Attribute("fill") == "#0072B2" && (double?)shape.Attribute("fill-opacity") < 0.2);
            var texts = shapes.Where(shape => shape.Name.LocalName == "text").Select(shape => shape.Value.Trim()).ToList();
            Assert.Superset(new HashSet<string> { "as written", "environment steps", "evaluation return", "0k", "1k" }, texts.ToHashSet());
            Assert.Equal([0x89, 0x50, 0x4E, 0x47], File.ReadAllBytes(Path.Combine(comparison, $"{task}.png"))[..4]);
        }

        // A machine without fonts says what to install; what is trained is not trained again.
        var variables = new Dictionary<string, string> { ["XDG_DATA_DIRS"] = _folder.Path, ["XDG_DATA_HOME"] = _folder.Path };
        await using var plain = RapidProcess.Start(_folder.Path, [.. command, "--out", "plain"], variables);
        Assert.Equal(0, await plain.WaitAsync());
        Assert.Contains("no plots: this machine has no font to write with; run: sudo apt-get", plain.Output, StringComparison.Ordinal);
        Assert.Equal(
            ["comparison.md", "curves.csv"],
            Directory.GetFiles(Path.Combine(_folder.Path, "plain")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(4, Directory.GetDirectories(_folder.Runs).Length);

        var points = File.ReadAllLines(Path.Combine(comparison, "curves.csv"))[1..];
        Assert.Equal(runs.Sum(run => run.Evaluations().Length), points.Length);

        double Final(string name, int seed) => (double)runs
            .Single(run => (string?)run.Json["spec"]!["name"] == name && (int)run.Json["seed"]! == seed).Evaluations()[^1]["return_mean"]!;
    }

    [Theory]
    [InlineData("compare", "CartPole-v1", "--seeds", "0")]
    [InlineData("compare", "CartPole-v1", "--seeds", "two")]
    [InlineData("compare", "CartPol-v1")]
    [InlineData("compare", "CartPole-v1:many")]
    [InlineData("compare", "nowhere.yaml")]
    public async Task What_cannot_be_compared_is_refused_before_anything_is_trained(params string[] arguments)
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, arguments);
        Assert.True(exitCode == 2, output);
        Assert.False(Directory.Exists(_folder.Runs));
    }

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
