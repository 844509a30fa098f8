using System.Globalization;
using Rapid.Benchmarks;

// The whole PPO loop on HalfCheetah-v4 (collection, replay, learning, publishing) against the loop a user would write in PyTorch, with the
// same hyper-parameters: 2048 steps of one environment, 10 epochs of 32 minibatches.
const int Rounds = 3, Updates = 20;
const double Target = 3, MillionStepsSeconds = 150;

var model = Path.Combine(AppContext.BaseDirectory, "models", "half_cheetah.xml");
var (mine, peer) = await LoopRate.CompareAsync(
    Rounds, () => LoopRate.OfRapidAsync((Updates + 1) * 2048), () => LoopRate.OfPythonAsync("ppo_loop.py", "--xml", model));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"1M steps at the median rate: {1e6 / mine:F0} s (target <= {MillionStepsSeconds:F0} s)"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"PPO loop: {mine:F0} / {peer:F0} env steps/s = {mine / peer:F2}x (target >= {Target:F0}x)"));
return mine / peer >= Target && 1e6 / mine <= MillionStepsSeconds ? 0 : 1;
