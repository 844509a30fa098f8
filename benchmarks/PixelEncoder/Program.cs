using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Rapid.Benchmarks;
using Rapid.Policies.Encoders;
using Rapid.Protocol.Specs;
using static TorchSharp.torch;

// Stacks of four frames of 84x84 through the nature network, one thread: the encoder of Rapid.Policies against libtorch, from the same
// bytes to the same features, and back from a gradient of the features to one of the parameters. Rounds alternate; medians of the thread's
// processor time, which other processes on the machine disturb less than they do the clock on the wall.
const int Rounds = 25, Large = 256, Small = 8, SmallPasses = 16;
const double WarmUpSeconds = 2; // the compiler works beside the first seconds
const double ForwardTarget = 1.5, BothTarget = 2.5;

set_num_threads(1);
var shape = EncoderShape.Of(Encoder.Nature, 4, 84, 84);
var random = new Random(1);
var pixels = new byte[Large * 4 * 84 * 84];
random.NextBytes(pixels);
var parameters = new float[shape.Length];
foreach (var layer in shape.Layers)
{
    for (var i = layer.WeightOffset; i < layer.End; i++)
    {
        parameters[i] = (random.NextSingle() * 2 - 1) * 1.5f / MathF.Sqrt(layer.PatchSize);
    }
}

float[] features = new float[Large * shape.Features], gradients = new float[shape.Length];
float[] featureGradient = [.. features.Select(_ => random.NextSingle() * 2 - 1)];
var planes = AddressesOf(pixels);
using var encoder = new FrameEncoder(shape, Large, threads: 1, training: true);
using var torch = new TorchEncoder(shape, parameters);
using var frames = tensor(pixels, ScalarType.Byte).view(Large, 4, 84, 84);
using var fewFrames = frames.narrow(0, 0, Small);
using var torchGradient = tensor(featureGradient).view(Large, shape.Features);

Console.WriteLine(Text($"features differ by {CompareFeatures():G2}, gradients by {CompareGradients():G2} of the largest"));
var success = Compare("forward, 256 images", Large, 1, ForwardTarget, Forward, TorchForward);
success &= Compare("forward and backward, 256 images", Large, 1, BothTarget,
    ForwardAndBackward, () => torch.ForwardAndBackward(frames, torchGradient));
success &= Compare("forward, 8 images", Small, SmallPasses, ForwardTarget, ForwardFew, TorchForwardFew);
return success ? 0 : 1;

void Forward() => encoder.Forward(planes, parameters, features);

void ForwardFew() => encoder.Forward(planes.AsSpan(0, Small * 4), parameters, features.AsSpan(0, Small * shape.Features));

void ForwardAndBackward()
{
    encoder.Forward(planes, parameters, features, forBackward: true);
    encoder.Backward(parameters, featureGradient, gradients);
}

void TorchForward()
{
    using var noGrad = no_grad();
    torch.Forward(frames).Dispose();
}

void TorchForwardFew()
{
    using var noGrad = no_grad();
    torch.Forward(fewFrames).Dispose();
}

double CompareFeatures()
{
    using var noGrad = no_grad();
    using var expected = torch.Forward(frames);
    Forward();
    return Difference(expected.data<float>().ToArray(), features);
}

double CompareGradients()
{
    torch.ForwardAndBackward(frames, torchGradient);
    ForwardAndBackward();
    return Difference(torch.Gradients(), gradients);
}

static bool Compare(string what, int images, int passes, double target, Action ours, Action theirs)
{
    List<double> mine = [], peer = [];
    WarmUp(theirs);
    WarmUp(ours);
    for (var round = 0; round < Rounds; round++)
    {
        peer.Add(Rate(theirs));
        mine.Add(Rate(ours));
    }

    var ratio = Median(mine) / Median(peer);
    Console.WriteLine(Text($"{what}: {Median(mine):F0} / {Median(peer):F0} images/s = {ratio:F2}x (target >= {target:F1}x)"));
    Console.WriteLine(Text($"  fastest rounds: {mine.Max():F0} / {peer.Max():F0} images/s = {mine.Max() / peer.Max():F2}x"));
    return ratio >= target;

    void WarmUp(Action pass)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < WarmUpSeconds;)
        {
            pass();
        }
    }

    double Rate(Action pass)
    {
        var start = ThreadTime.Seconds;
        for (var i = 0; i < passes; i++)
        {
            pass();
        }

        return images * passes / (ThreadTime.Seconds - start);
    }
}

static double Difference(float[] expected, float[] actual) =>
    expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max() / expected.Max(Math.Abs);

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

// The bytes stay where they are for as long as the process runs.
static nint[] AddressesOf(byte[] pixels)
{
    var start = GCHandle.Alloc(pixels, GCHandleType.Pinned).AddrOfPinnedObject();
    return [.. Enumerable.Range(0, pixels.Length / (84 * 84)).Select(i => start + i * 84 * 84)];
}
