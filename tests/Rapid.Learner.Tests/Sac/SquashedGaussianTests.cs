using Rapid.Environments;
using Rapid.Learner.Networks;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using TorchSharp;

namespace Rapid.Learner.Tests.OffPolicy;

public sealed class SquashedGaussianTests
{
    [Theory]
    [InlineData(StdParameterization.TanhLogStd, 2, 1.432596, -0.903097)]
    [InlineData(StdParameterization.ClippedLogStd, 2, 1.432596, -0.903097)]
    [InlineData(StdParameterization.Softplus, 2, 1.432596, -0.903097)]
    [InlineData(StdParameterization.Softplus, 1, 0.716298, -0.209950)]
    public void Actions_and_densities_match_published_values(StdParameterization std, float bound, double action, double logProbability)
    {
        // u = 0.9 out of N(0.3, 0.7^2).
        using var scope = torch.NewDisposeScope();
        using var distribution = new SquashedGaussian(Layout(std, BoxSpace.Uniform(1, -bound, bound)), torch.CPU);
        var head = torch.tensor([0.3f, (float)Raw(std, 0.7)]).view(1, 2);
        var actions = torch.zeros(1, 1);

        var sample = distribution.Draw(head, torch.full([1, 1], 0.6f / 0.7f), actions);

        Assert.Equal(action, actions.ToSingle(), 2e-5);
        Assert.Equal(logProbability, sample.LogProbability.ToSingle(), 2e-5);
    }

    [Theory]
    [InlineData(StdParameterization.TanhLogStd, -100, 0.006737947)]
    [InlineData(StdParameterization.TanhLogStd, 100, 7.389056)]
    [InlineData(StdParameterization.ClippedLogStd, -100, 2.0611536e-9)]
    [InlineData(StdParameterization.ClippedLogStd, 100, 7.389056)]
    [InlineData(StdParameterization.Softplus, -100, 0.002475685)]
    [InlineData(StdParameterization.Softplus, 100, 6.002476)]
    public void Deviations_stay_within_their_bounds(StdParameterization std, float raw, double expected)
    {
        using var scope = torch.NewDisposeScope();
        using var distribution = new SquashedGaussian(Layout(std, BoxSpace.Uniform(1, -1, 1)), torch.CPU);

        var sample = distribution.Draw(torch.tensor([0f, raw]).view(1, 2), torch.zeros(1, 1), torch.zeros(1, 1));

        Assert.Equal(expected, sample.Std.ToSingle(), expected * 1e-5);
    }

    [Fact]
    public void Densities_are_finite_where_tanh_is_one()
    {
        using var scope = torch.NewDisposeScope();
        using var distribution = new SquashedGaussian(Layout(StdParameterization.Softplus, BoxSpace.Uniform(1, -1, 1)), torch.CPU);

        var sample = distribution.Draw(torch.tensor([60f, 0f]).view(1, 2), torch.zeros(1, 1), torch.zeros(1, 1));

        // log(1 - tanh(60)^2) = log 4 - 120; the density of the normal itself is that of its mean.
        var expected = -Math.Log(Math.Log(2)) - 0.5 * Math.Log(2 * Math.PI) - (Math.Log(4) - 120);
        Assert.Equal(expected, sample.LogProbability.ToSingle(), 1e-3);
    }

    [Theory]
    [InlineData(StdParameterization.TanhLogStd)]
    [InlineData(StdParameterization.ClippedLogStd)]
    [InlineData(StdParameterization.Softplus)]
    public void The_gradient_is_that_of_finite_differences(StdParameterization std)
    {
        const double Alpha = 0.37, Step = 1e-5;
        using var scope = torch.NewDisposeScope();
        var box = new BoxSpace([-2f, -1f], [2f, 3f]);
        using var distribution = new SquashedGaussian(Layout(std, box), torch.CPU);
        float[] head = [0.3f, -0.8f, 0.4f, -1.2f], noise = [0.5f, -1.4f], actionGradient = [0.7f, -0.2f];
        var gradient = torch.zeros(1, 4);

        var sample = distribution.Draw(torch.tensor(head).view(1, 4), torch.tensor(noise).view(1, 2), torch.zeros(1, 2));
        distribution.Backward(sample, torch.tensor(actionGradient).view(1, 2), torch.tensor((float)Alpha), gradient);

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

    private static PolicyLayout Layout(StdParameterization std, BoxSpace box) =>
        PolicyLayout.Create(Sacs.Options(new SacOptions { StdParameterization = std }), BoxSpace.Unbounded(3), box);

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
