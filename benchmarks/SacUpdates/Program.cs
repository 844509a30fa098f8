using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Rapid.Benchmarks;

// SAC updates (batch 256, 256x256, HalfCheetah's sizes), sampled from a table of the real replay service, against the same update as one
// would write it in PyTorch with a ring in its own memory. Both on the same one core; rounds alternate. Then on all cores, where sampling
// overlaps.
const int Rounds = 5, Seconds = 2;
const double Target = 2, AllCoresTarget = 200;

if (args is ["measure", var updates])
{
    await Measurement.RunAsync(int.Parse(updates, CultureInfo.InvariantCulture));
    return 0;
}

List<double> ours = [], theirs = [], shares = [];
for (var round = 0; round < Rounds; round++)
{
    theirs.Add(await MeasurePythonAsync());
    var (rate, share) = await MeasureRapidAsync("0");
    ours.Add(rate);
    shares.Add(share);
    Console.WriteLine(Text($"round {round + 1}: rapid {rate:F1} updates/s, PyTorch {theirs[^1]:F1} updates/s"));
}

var (all, _) = await MeasureRapidAsync($"0-{Environment.ProcessorCount - 1}");
var (mine, peer) = (Median(ours), Median(theirs));
Console.WriteLine(Text($"share of the bare matrix products' rate: {Median(shares):P0}"));
Console.WriteLine(Text($"on all {Environment.ProcessorCount} cores: {all:F1} updates/s (target >= {AllCoresTarget:F0})"));
Console.WriteLine(Text($"SAC updates on one core: {mine:F1} / {peer:F1} = {mine / peer:F2}x (target >= {Target:F0}x)"));
return mine / peer >= Target && all >= AllCoresTarget ? 0 : 1;

static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static async Task<double> MeasurePythonAsync()
{
    var script = Path.Combine(AppContext.BaseDirectory, "peers", "sac_updates.py");
    var output = await StartAsync("-c", "0", "/usr/bin/python3", script, "--threads", "1", "--seconds", $"{Seconds}");
    return Number(output, @"updates/s ([\d.]+)");
}

static async Task<(double Updates, double Share)> MeasureRapidAsync(string cores)
{
    var output = await StartAsync("-c", cores, Environment.ProcessPath!, "measure", $"{Seconds * 300}");
    return (Number(output, @"updates/s ([\d.]+)"), Number(output, @"share ([\d.]+)"));
}

static double Number(string output, string pattern) =>
    double.Parse(Regex.Match(output, pattern).Groups[1].Value, CultureInfo.InvariantCulture);

static async Task<string> StartAsync(params string[] arguments)
{
    var start = new ProcessStartInfo("taskset", arguments) { RedirectStandardOutput = true };
    start.Environment["OPENBLAS_NUM_THREADS"] = start.Environment["OMP_NUM_THREADS"] = "1";
    using var process = Process.Start(start)!;
    var output = await process.StandardOutput.ReadToEndAsync();
    await process.WaitForExitAsync();
    return process.ExitCode == 0
        ? output
        : throw new InvalidOperationException($"{string.Join(' ', arguments)} failed with exit code {process.ExitCode}: {output}");
}
