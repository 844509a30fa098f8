using System.Globalization;
using Rapid.Benchmarks;

// The whole PPO loop from pixels on Duel (emulation, collection, replay, learning, publishing) against the loop a user would write in PyTorch
// with the same network and hyper-parameters: 8 x 128 steps, nature CNN, 4 epochs of 4 minibatches. The peer's environment costs nothing.
// Both on one thread for tensors; rounds alternate, so that both see the same machine.
const int Rounds = 3, Updates = 4, BatchSteps = 1024;
const double Target = 1.5;

var spec = Path.Combine(AppContext.BaseDirectory, "duel.yaml");
List<double> ours = [], theirs = [];
for (var round = 0; round < Rounds; round++)
{
    theirs.Add(await LoopRate.OfPythonAsync("ppo_pixels.py"));
    ours.Add(await LoopRate.OfRapidAsync((Updates + 1) * BatchSteps, spec));
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"round {round + 1}: rapid {ours[^1]:F0} env steps/s, PyTorch loop {theirs[^1]:F0} env steps/s"));
}

var (mine, peer) = (LoopRate.Median(ours), LoopRate.Median(theirs));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"PPO from pixels: {mine:F0} / {peer:F0} env steps/s = {mine / peer:F2}x (target >= {Target:F1}x)"));
return mine / peer >= Target ? 0 : 1;
