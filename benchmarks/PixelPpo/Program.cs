using System.Globalization;
using Rapid.Benchmarks;

// The whole PPO loop from pixels on Duel (emulation, collection, replay, learning, publishing) against the loop a user would write in
// PyTorch with the same network and hyper-parameters: 8 x 128 steps, nature CNN, 4 epochs of 4 minibatches. The peer's environment costs
// nothing. Both on one thread for tensors.
const int Rounds = 3, Updates = 4, BatchSteps = 1024;
const double Target = 1.5;

var spec = Path.Combine(AppContext.BaseDirectory, "duel.yaml");
var (mine, peer) = await LoopRate.CompareAsync(
    Rounds, () => LoopRate.OfRapidAsync((Updates + 1) * BatchSteps, spec), () => LoopRate.OfPythonAsync("ppo_pixels.py"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"PPO from pixels: {mine:F0} / {peer:F0} env steps/s = {mine / peer:F2}x (target >= {Target:F1}x)"));
return mine / peer >= Target ? 0 : 1;
