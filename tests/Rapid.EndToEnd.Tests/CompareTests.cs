using System.Globalization;
using System.Xml.Linq;

namespace Rapid.EndToEnd.Tests;

/// <summary><c>rapid compare</c>: several specs with several seeds, side by side.</summary>
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
    public async Task Compare_trains_each_spec_with_each_seed_once_and_writes_what_the_runs_say()
    {
        string[] command = ["compare", _folder.Spec("name: plain\n" + Tiny), _folder.Spec("name: quick\n" + Tiny + "\n"), "--seeds", "3,4"];
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output);
        var runs = Directory.GetDirectories(_folder.Runs).Select(path => new RunFolder(path)).ToList();
        Assert.Equal(4, runs.Count);

        var comparison = Path.Combine(_folder.Path, "comparison");
        var scores = File.ReadAllLines(Path.Combine(comparison, "scores.md"));
        Assert.Equal(["| spec | seed 3 | seed 4 | mean | standard error |", "|---|---|---|---|---|"], scores[..2]);
        foreach (var (name, line) in new[] { "plain", "quick" }.Zip(scores[2..]))
        {
            var cells = line.Split('|', StringSplitOptions.TrimEntries)[1..^1];
            double[] finals = [Final(name, 3), Final(name, 4)];
            Assert.Equal([name, .. ((double[])[.. finals, finals.Average(), Math.Abs(finals[0] - finals[1]) / 2]).Select(Number)], cells);
        }

        var points = File.ReadAllLines(Path.Combine(comparison, "curves.csv"))[1..];
        Assert.Equal(runs.Sum(run => run.Evaluations().Length), points.Length);
        Assert.All(runs.SelectMany(run => run.Evaluations()), evaluation =>
            Assert.Contains(points, point => point.EndsWith($",{evaluation["step"]},{(double)evaluation["return_mean"]!:G9}", StringComparison.Ordinal)));
        var plot = XDocument.Load(Path.Combine(comparison, "curves.svg"));
        Assert.Equal(2, plot.Descendants().Count(element => element.Name.LocalName == "polyline"));

        (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == 0, output);
        Assert.Equal(4, Directory.GetDirectories(_folder.Runs).Length);
        Assert.Equal(scores, File.ReadAllLines(Path.Combine(comparison, "scores.md")));

        double Final(string name, int seed) => (double)runs
            .Single(run => (string?)run.Json["spec"]!["name"] == name && (int)run.Json["seed"]! == seed).Evaluations()[^1]["return_mean"]!;
    }

    [Theory]
    [InlineData("compare", "--seeds", "1,two")]
    [InlineData("compare", "--seeds", "")]
    [InlineData("compare", "nowhere.yaml")]
    public async Task Compare_refuses_what_it_cannot_compare_before_it_trains(params string[] arguments)
    {
        var (exitCode, output) = await RapidProcess.RunAsync(_folder.Path, arguments);
        Assert.True(exitCode == 2, output);
        Assert.False(Directory.Exists(_folder.Runs));
    }

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
