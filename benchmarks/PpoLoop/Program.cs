using System.Globalization;
using Rapid.Benchmarks;

// The whole PPO loop on HalfCheetah-v4 (collection, replay, learning, publishing) against the loop a user would write in PyTorch, with the
// same hyper-parameters: 2048 steps of one environment, 10 epochs of 32 minibatches. Rounds alternate, so that both see the same machine.
const int Rounds = 3, Updates = 20;
const double Target = 3, MillionStepsSeconds = 150;

var model = Path.Combine(AppContext.BaseDirectory, "models", "half_cheetah.xml");
List<double> ours = [], theirs = [];
for (var round = 0; round < Rounds; round++)
{
    theirs.Add(await LoopRate.OfPythonAsync("ppo_loop.py", "--xml", model));
    ours.Add(await LoopRate.OfRapidAsync((Updates + 1) * 2048));
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"round {round + 1}: rapid {ours[^1]:F0} env steps/s, PyTorch loop {theirs[^1]:F0} env steps/s"));
}

var (mine, peer) = (LoopRate.Median(ours), LoopRate.Median(theirs));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"1M steps at the median rate: {1e6 / mine:F0} s (target <= {MillionStepsSeconds:F0} s)"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"PPO loop: {mine:F0} / {peer:F0} env steps/s = {mine / peer:F2}x (target >= {Target:F0}x)"));
return mine / peer >= Target && 1e6 / mine <= MillionStepsSeconds ? 0 : 1;
