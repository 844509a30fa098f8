using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

// The whole PPO loop on HalfCheetah-v4 (collection, replay, learning, publishing) against the loop a user would write in PyTorch, with the
// same hyper-parameters: 2048 steps of one environment, 10 epochs of 32 minibatches. Rounds alternate, so that both see the same machine.
const int Rounds = 3, Updates = 20;
const double Target = 3, MillionStepsSeconds = 150;

var rapid = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Rapid.Cli/release/rapid"));
List<double> ours = [], theirs = [];
for (var round = 0; round < Rounds; round++)
{
    theirs.Add(await MeasurePythonAsync());
    ours.Add(await MeasureRapidAsync());
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"round {round + 1}: rapid {ours[^1]:F0} env steps/s, PyTorch loop {theirs[^1]:F0} env steps/s"));
}

var (mine, peer) = (Median(ours), Median(theirs));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"1M steps at the median rate: {1e6 / mine:F0} s (target <= {MillionStepsSeconds:F0} s)"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"PPO loop: {mine:F0} / {peer:F0} env steps/s = {mine / peer:F2}x (target >= {Target:F0}x)"));
return mine / peer >= Target && 1e6 / mine <= MillionStepsSeconds ? 0 : 1;

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static async Task<double> MeasurePythonAsync()
{
    var model = Path.Combine(AppContext.BaseDirectory, "models", "half_cheetah.xml");
    var output = await RunAsync("/usr/bin/python3", Path.Combine(AppContext.BaseDirectory, "peers", "ppo_loop.py"), "--xml", model);
    return double.Parse(Regex.Match(output, @"steps/s (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
}

async Task<double> MeasureRapidAsync()
{
    var runs = Directory.CreateTempSubdirectory("rapid-bench-").FullName;
    try
    {
        await RunAsync(
            rapid, "train", "--runs", runs, "--set", $"total_steps={(Updates + 1) * 2048}",
            "--set", "evaluation.interval_steps=0", "--set", "evaluation.final_episodes=1");
        // The first update is warm-up, as in the peer.
        var lines = File.ReadLines(Directory.GetFiles(runs, "metrics.jsonl", SearchOption.AllDirectories).Single())
            .Select(line => JsonNode.Parse(line)!).Where(line => (string?)line["kind"] == "train").ToArray();
        double Seconds(int i) => (double)lines[i]["time"]!["wall_seconds"]!;
        return ((double)lines[^1]["step"]! - (double)lines[0]["step"]!) / (Seconds(lines.Length - 1) - Seconds(0));
    }
    finally
    {
        Directory.Delete(runs, recursive: true);
    }
}

static async Task<string> RunAsync(string program, params string[] arguments)
{
    using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
    var output = await process.StandardOutput.ReadToEndAsync();
    await process.WaitForExitAsync();
    return process.ExitCode == 0
        ? output
        : throw new InvalidOperationException($"{program} failed with exit code {process.ExitCode}: {output}");
}
