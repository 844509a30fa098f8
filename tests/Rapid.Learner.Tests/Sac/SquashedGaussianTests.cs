using Rapid.Agents;
using Rapid.Agents.Networks;
using Rapid.Agents.Sac;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using TorchSharp;

namespace Rapid.Learner.Tests.OffPolicy;

public sealed class SquashedGaussianTests
{
    [Theory]
    [InlineData(true, StdParameterization.TanhLogStd, 2, 1.432596, -0.903097)]
    [InlineData(false, StdParameterization.TanhLogStd, 2, 1.432596, -0.903097)]
    [InlineData(true, StdParameterization.ClippedLogStd, 2, 1.432596, -0.903097)]
    [InlineData(false, StdParameterization.ClippedLogStd, 2, 1.432596, -0.903097)]
    [InlineData(true, StdParameterization.Softplus, 2, 1.432596, -0.903097)]
    [InlineData(false, StdParameterization.Softplus, 2, 1.432596, -0.903097)]
    [InlineData(true, StdParameterization.Softplus, 1, 0.716298, -0.209950)]
    [InlineData(false, StdParameterization.Softplus, 1, 0.716298, -0.209950)]
    public void Actions_and_densities_match_published_values(
        bool isOnHost, StdParameterization std, float bound, double action, double logProbability)
    {
        // u = 0.9 out of N(0.3, 0.7^2).
        using var scope = torch.NewDisposeScope();
        using var distribution = Make(isOnHost, Layout(std, BoxSpace.Uniform(1, -bound, bound)));
        var head = torch.tensor([0.3f, (float)Raw(std, 0.7)]).view(1, 2);
        var actions = torch.zeros(1, 1);

        var sample = distribution.Draw(head, torch.full([1, 1], 0.6f / 0.7f), actions);

        Assert.Equal(action, actions.ToSingle(), 2e-5);
        Assert.Equal(action, sample.Actions.ToSingle(), 2e-5);
        Assert.Equal(logProbability, sample.LogProbability.ToSingle(), 2e-5);
    }

    [Theory]
    [InlineData(true, StdParameterization.TanhLogStd, -100, 0.006737947)]
    [InlineData(false, StdParameterization.TanhLogStd, -100, 0.006737947)]
    [InlineData(true, StdParameterization.TanhLogStd, 100, 7.389056)]
    [InlineData(false, StdParameterization.TanhLogStd, 100, 7.389056)]
    [InlineData(true, StdParameterization.ClippedLogStd, -100, 2.0611536e-9)]
    [InlineData(false, StdParameterization.ClippedLogStd, -100, 2.0611536e-9)]
    [InlineData(true, StdParameterization.ClippedLogStd, 100, 7.389056)]
    [InlineData(false, StdParameterization.ClippedLogStd, 100, 7.389056)]
    [InlineData(true, StdParameterization.Softplus, -100, 0.002475685)]
    [InlineData(false, StdParameterization.Softplus, -100, 0.002475685)]
    [InlineData(true, StdParameterization.Softplus, 100, 6.002476)]
    [InlineData(false, StdParameterization.Softplus, 100, 6.002476)]
    public void Deviations_stay_within_their_bounds(bool isOnHost, StdParameterization std, float raw, double expected)
    {
        using var scope = torch.NewDisposeScope();
        using var distribution = Make(isOnHost, Layout(std, BoxSpace.Uniform(1, -1, 1)));

        var sample = distribution.Draw(torch.tensor([0f, raw]).view(1, 2), torch.zeros(1, 1), torch.zeros(1, 1));

        // At the mean, 0, the density is that of the normal: 1 / (std sqrt(2 pi)).
        Assert.Equal(-Math.Log(expected * Math.Sqrt(2 * Math.PI)), sample.LogProbability.ToSingle(), 2e-5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Densities_are_finite_where_tanh_is_one(bool isOnHost)
    {
        using var scope = torch.NewDisposeScope();
        using var distribution = Make(isOnHost, Layout(StdParameterization.Softplus, BoxSpace.Uniform(1, -1, 1)));

        var sample = distribution.Draw(torch.tensor([60f, 0f]).view(1, 2), torch.zeros(1, 1), torch.zeros(1, 1));

        // log(1 - tanh(60)^2) = log 4 - 120; the density of the normal itself is that of its mean.
        var expected = -Math.Log(Math.Log(2)) - 0.5 * Math.Log(2 * Math.PI) - (Math.Log(4) - 120);
        Assert.Equal(expected, sample.LogProbability.ToSingle(), 1e-3);
    }

    [Theory]
    [InlineData(true, StdParameterization.TanhLogStd)]
    [InlineData(false, StdParameterization.TanhLogStd)]
    [InlineData(true, StdParameterization.ClippedLogStd)]
    [InlineData(false, StdParameterization.ClippedLogStd)]
    [InlineData(true, StdParameterization.Softplus)]
    [InlineData(false, StdParameterization.Softplus)]
    public void The_gradient_is_that_of_finite_differences(bool isOnHost, StdParameterization std)
    {
        const double Alpha = 0.37, Step = 1e-5;
        using var scope = torch.NewDisposeScope();
        var tape = new Tape();
        var box = new BoxSpace([-2f, -1f], [2f, 3f]);
        using var distribution = Make(isOnHost, Layout(std, box), tape);
        float[] head = [0.3f, -0.8f, 0.4f, -1.2f], noise = [0.5f, -1.4f], actionGradient = [0.7f, -0.2f];
        var gradient = torch.zeros(1, 4);
        var leaf = Tape.Leaf(torch.tensor(head).view(1, 4), gradient);

        var sample = distribution.Draw(leaf, torch.tensor(noise).view(1, 2), torch.zeros(1, 2));
        tape.Backward((sample.LogProbability * Alpha + sample.Actions.matmul(torch.tensor(actionGradient))).sum());

        for (var i = 0; i < head.Length; i++)
        {
            double At(double change) => Loss([.. head.Select((value, j) => value + (i == j ? change : 0))]);
            Assert.Equal((At(Step) - At(-Step)) / (2 * Step), TensorMemory.Floats(gradient)[i], 1e-4);
        }

        // alpha log pi(a) + gradient . a, by definition.
        double Loss(double[] outputs)
        {
            var loss = 0.0;
            for (var j = 0; j < 2; j++)
            {
                var deviation = Deviation(std, outputs[2 + j]);
                var (scale, centre) = ((box.High[j] - box.Low[j]) / 2.0, (box.High[j] + box.Low[j]) / 2.0);
                var u = outputs[j] + deviation * noise[j];
                var density = -0.5 * noise[j] * noise[j] - Math.Log(deviation) - 0.5 * Math.Log(2 * Math.PI)
                    - Math.Log(1 - Math.Pow(Math.Tanh(u), 2)) - Math.Log(scale);
                loss += Alpha * density + actionGradient[j] * (centre + scale * Math.Tanh(u));
            }

            return loss;
        }
    }

    [Theory]
    [InlineData(StdParameterization.TanhLogStd)]
    [InlineData(StdParameterization.ClippedLogStd)]
    [InlineData(StdParameterization.Softplus)]
    public void Both_ways_to_compute_agree_on_any_batch(StdParameterization std)
    {
        const int Rows = 37, Actions = 3;
        using var scope = torch.NewDisposeScope();
        using var random = new torch.Generator(1);
        var layout = Layout(std, BoxSpace.Uniform(Actions, -0.4f, 2));
        var tape = new Tape();
        using SquashedGaussian host = new HostSquashedGaussian(layout, Rows, tape, Noise(layout, Rows)),
            tensors = new TensorSquashedGaussian(layout, torch.CPU, Noise(layout, Rows));
        var head = torch.randn([Rows, 2 * Actions], generator: random) * 4;
        var (noise, arrived) = (torch.randn([Rows, Actions], generator: random), torch.randn([Rows, Actions], generator: random));
        var weights = torch.randn([Rows], generator: random);

        var (left, right) = (Pass(host), Pass(tensors));

        Assert.Equal(left.Length, right.Length);
        Assert.All(left.Zip(right), pair => Assert.Equal(pair.Second, pair.First, 1e-4 * Math.Max(1, Math.Abs(pair.Second))));

        float[] Pass(SquashedGaussian distribution)
        {
            // Actions lie behind observations in the rows of the critics' input.
            var inputs = torch.zeros(Rows, 5 + Actions);
            var gradient = torch.zeros(Rows, 2 * Actions);
            var sample = distribution.Draw(Tape.Leaf(head, gradient), noise, inputs.narrow(1, 5, Actions));
            tape.Backward((sample.LogProbability * weights).sum() + (sample.Actions * arrived).sum());
            return [.. torch.cat([inputs.view(-1), sample.LogProbability.detach(), gradient.view(-1)]).data<float>()];
        }
    }

    private static SquashedGaussian Make(bool isOnHost, PolicyLayout layout, Tape? tape = null) => isOnHost
        ? new HostSquashedGaussian(layout, 1, tape ?? new Tape(), Noise(layout, 1))
        : new TensorSquashedGaussian(layout, torch.CPU, Noise(layout, 1));

    private static NoiseSource Noise(PolicyLayout layout, int rows) => new(seed: 1, rows, layout.ActionSize, torch.CPU);

    private static PolicyLayout Layout(StdParameterization std, BoxSpace box) =>
        ExperimentPolicy.LayoutOf(Sacs.Options(new SacOptions { StdParameterization = std }), BoxSpace.Unbounded(3), box);

    private static double Deviation(StdParameterization std, double raw) => std switch
    {
        StdParameterization.TanhLogStd => Math.Exp(-5 + 3.5 * (Math.Tanh(raw) + 1)),
        StdParameterization.ClippedLogStd => Math.Exp(Math.Clamp(raw, -20, 2)),
        _ => Math.Log(1 + Math.Exp(Math.Clamp(raw, -6, 6))),
    };

    private static double Raw(StdParameterization std, double deviation) => std switch
    {
        StdParameterization.TanhLogStd => Math.Atanh((Math.Log(deviation) + 5) / 3.5 - 1),
        StdParameterization.ClippedLogStd => Math.Log(deviation),
        _ => Math.Log(Math.Exp(deviation) - 1),
    };
}
