using Rapid.Agents.Networks;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.Ppo;
using Rapid.Agents.Sac;
using Rapid.Agents.State;
using Rapid.Learner.Tests.OffPolicy;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Learner.Tests;

/// <summary>The gradient of every loss against finite differences in double precision and against what one derives by hand.</summary>
public sealed class LossGradientTests
{
    private const double Tolerance = 1e-5;

    private static readonly double[] Numbers = [0.31, -1.27, 0.83, 2.11, -0.46, 0.09];
    private static readonly double[] Others = [1.4, 0.6, -0.9, 0.2, -1.7, 2.3];

    private static int Count => Numbers.Length;

    [Fact]
    public void Surrogate_of_ppo() => AssertGradient(
        logRatio => PpoLearner.SurrogateLoss(logRatio.exp(), tensor(Others), 0.2),
        [0.31, -0.27, 0.15, 0.11, -0.46, 0.09],
        (logRatio, i) =>
        {
            var (ratio, advantage) = (Math.Exp(logRatio[i]), Others[i]);
            var isClipped = advantage > 0 ? ratio > 1.2 : ratio < 0.8;
            return isClipped ? 0 : -ratio * advantage / Count;
        });

    [Fact]
    public void Clipped_value_loss() => AssertGradient(
        values => PpoLearner.ClippedValueLoss(values, tensor(Others), zeros(Count, dtype: ScalarType.Float64), 0.2),
        [.. Others.Select((old, i) => old + (i % 2 == 0 ? 0.1 : 0.7) * (i % 3 - 1))],
        (values, i) =>
        {
            var clipped = Others[i] + Math.Clamp(values[i] - Others[i], -0.2, 0.2);
            var isPlain = Math.Abs(values[i]) >= Math.Abs(clipped);
            return isPlain ? values[i] / Count : Math.Abs(values[i] - Others[i]) < 0.2 ? clipped / Count : 0;
        });

    [Fact]
    public void Value_loss() => AssertGradient(
        values => ActorCriticLosses.ValueLoss(values, tensor(Others)), Numbers, (values, i) => 2 * (values[i] - Others[i]) / Count);

    [Fact]
    public void Policy_gradient() => AssertGradient(
        logProbabilities => ActorCriticLosses.PolicyGradientLoss(logProbabilities, tensor(Others)), Numbers, (_, i) => -Others[i] / Count);

    [Fact]
    public void Density_of_a_gaussian_by_its_mean() => AssertGradient(
        mean => DiagonalGaussian.LogProbability(mean.view(2, 3), tensor([0.2, -0.5, 0.1]), tensor(Others).view(2, 3)).sum(),
        Numbers,
        (mean, i) => (Others[i] - mean[i]) / Math.Exp(2 * new[] { 0.2, -0.5, 0.1 }[i % 3]));

    [Fact]
    public void Density_and_entropy_of_a_gaussian_by_its_deviation() => AssertGradient(
        logStd => DiagonalGaussian.LogProbability(tensor(Numbers).view(1, 6), logStd, tensor(Others).view(1, 6)).sum()
            + DiagonalGaussian.Entropy(logStd),
        [0.2, -0.5, 0.1, 0.4, -0.2, 0.6],
        (logStd, i) => Math.Pow((Others[i] - Numbers[i]) / Math.Exp(logStd[i]), 2) - 1 + 1);

    [Fact]
    public void Divergence_of_gaussians_by_the_policys_mean() => AssertGradient(
        mean => DiagonalGaussian.Divergence(mean.view(1, 6), zeros(6, dtype: ScalarType.Float64), tensor(Others).view(1, 6), tensor(0.3)).sum(),
        Numbers,
        (mean, i) => (mean[i] - Others[i]) / Math.Exp(0.6));

    [Fact]
    public void Entropy_of_a_categorical() => AssertGradient(
        logits => Categorical.MeanEntropy(logits.view(1, 6).log_softmax(1)),
        Numbers,
        (logits, i) =>
        {
            var p = Softmax(logits);
            return -p[i] * (Math.Log(p[i]) + p.Sum(value => -value * Math.Log(value)));
        });

    [Fact]
    public void Divergence_of_categoricals() => AssertGradient(
        logits => Categorical.Divergence(logits.view(1, 6).log_softmax(1), tensor(Others).view(1, 6).log_softmax(1)).sum(),
        Numbers,
        (logits, i) =>
        {
            var (p, q) = (Softmax(logits), Softmax(Others));
            var divergence = p.Zip(q, (left, right) => left * Math.Log(left / right)).Sum();
            return p[i] * (Math.Log(p[i] / q[i]) - divergence);
        });

    [Theory]
    [InlineData(CriticLoss.SquaredError)]
    [InlineData(CriticLoss.HalfSquaredError)]
    [InlineData(CriticLoss.LogCosh)]
    public void Critics(CriticLoss loss) => AssertGradient(
        values => (tensor(Others) * TwinCritics.Loss(values - tensor(Others), loss)).mean(),
        Numbers,
        (values, i) =>
        {
            var error = values[i] - Others[i];
            var slope = loss switch { CriticLoss.LogCosh => Math.Tanh(error), CriticLoss.SquaredError => 2 * error, _ => error };
            return Others[i] * slope / Count;
        });

    [Fact]
    public void Temperature_of_sac() => AssertGradient(
        logAlpha => Temperature.Loss(logAlpha.exp(), tensor(-0.4), target: -2),
        [-1.3],
        (logAlpha, _) => -Math.Exp(logAlpha[0]) * (-0.4 - 2));

    [Fact]
    public void Policy_of_discrete_sac() => AssertGradient(
        logits => DiscreteSacLearner.PolicyLoss(logits.view(2, 3).log_softmax(1), tensor(Others).view(2, 3), tensor([0.3])),
        Numbers,
        (logits, i) =>
        {
            var row = i / 3 * 3;
            var p = Softmax(logits[row..(row + 3)]);
            double[] f = [.. p.Select((value, j) => 0.3 * Math.Log(value) - Others[row + j])];
            return p[i - row] * (f[i - row] - p.Zip(f, (left, right) => left * right).Sum()) / 2;
        });

    [Fact]
    public void Policy_of_sac_through_its_critics()
    {
        using var scope = NewDisposeScope();
        const float Alpha = 0.3f;
        var options = Sacs.Options();
        var layout = Sacs.Layout(options);
        var (rows, act, size) = (Sacs.Rows, Sacs.Actions, Sacs.Observations);
        var tape = new Tape();
        using var distribution = SquashedGaussian.Create(layout, rows, options.Seed, tape, CPU);
        using var critics = new TwinCritics(options, size + act, 1, tape, CPU);
        using var batch = Sacs.Batch(options, layout);
        var (noise, gradient) = (randn(rows, act), zeros(rows, 2 * act));
        var head = Tape.Leaf(randn(rows, 2 * act), gradient);

        var (actions, logProbability) = distribution.Draw(head, noise, batch.Actions);
        var value = TwinCritics.SmallerOf(critics.Values(batch.Inputs, actions)).view(-1);
        tape.Backward((tensor([Alpha]) * logProbability - value).mean());

        // By hand: -1/B at the smaller critic; then through tanh and the box, beside d log pi / du = 2 tanh(u) and d log pi / d log std = -1.
        using var noGrad = no_grad();
        var actionGradient = GradientOfSmallerValue(critics, batch.Inputs);
        var scale = (tensor(layout.ActionBox!.High.ToArray()) - tensor(layout.ActionBox.Low.ToArray())) / 2;
        var raw = head.narrow(1, act, act);
        var std = (raw.tanh() * 3.5 - 1.5).exp();
        var tanh = (head.narrow(1, 0, act) + std * noise).tanh();
        var u = tanh * (2 * Alpha / rows) + actionGradient * scale * (1 - tanh.square());
        var slope = (1 - raw.tanh().square()) * 3.5;
        var expected = cat([u, (u * noise * std - Alpha / rows) * slope], 1);
        Sacs.AssertClose(TensorMemory.Floats(expected.contiguous()), TensorMemory.Floats(gradient), Tolerance);

        Tensor GradientOfSmallerValue(TwinCritics of, Tensor inputs)
        {
            var saved = new StateBag();
            of.Visit(saved);
            var shape = new DenseShape(2, size + act, options.Network.HiddenSizes, 1, options.Network.Activation);
            using var network = DenseNetwork.Create(shape, rows, CPU);
            using var weights = new DenseWeights(shape, CPU);
            weights.Set(saved.Tensors["critics.parameters"].Floats());
            var outputs = network.Forward(weights, inputs);
            for (var i = 0; i < rows; i++)
            {
                var isFirst = TensorMemory.Floats(outputs)[i] <= TensorMemory.Floats(outputs)[rows + i];
                TensorMemory.Floats(network.OutputGradient)[isFirst ? i : rows + i] = -1f / rows;
            }

            var result = zeros(rows, act);
            network.Backward(weights, null, size, result);
            return result;
        }
    }

    [Fact]
    public void A_pass_that_was_made_again_goes_back_once_and_nothing_is_recorded_without_gradients()
    {
        using var scope = NewDisposeScope();
        var (tape, passes, backs) = (new Tape(), new object(), new List<string>());
        var leaf = Tape.Leaf(ones(1), zeros(1));
        tape.Record(passes, () => backs.Add("forgotten"));
        tape.Record(this, () => backs.Add("below"));
        tape.Record(passes, () => backs.Add("above"));
        using (no_grad())
        {
            tape.Record(tape, () => backs.Add("unseen"));
        }

        tape.Backward(leaf.sum());
        tape.Backward(leaf.sum());

        Assert.Equal(["above", "below"], backs);
        Assert.Equal(2, leaf.grad!.ToSingle());
    }

    [Fact]
    public void Gradients_arrive_at_a_recorded_pass_from_zero_and_stay_as_they_are_without_gradients()
    {
        using var scope = NewDisposeScope();
        var (tape, arriving) = (new Tape(), full([2], 5f));
        var leaf = Tape.Leaf(ones(2), arriving);
        using (no_grad())
        {
            tape.Record(this, () => { }, arriving);
        }

        Assert.Equal(10, arriving.sum().ToSingle());
        tape.Record(this, () => { }, arriving);
        tape.Backward((leaf * 3).sum());
        Assert.Equal(6, arriving.sum().ToSingle());
    }

    private static double[] Softmax(double[] logits)
    {
        double[] exponents = [.. logits.Select(Math.Exp)];
        return [.. exponents.Select(value => value / exponents.Sum())];
    }

    /// <param name="loss">Of a vector in double precision.</param>
    /// <param name="at">The vector.</param>
    /// <param name="byHand">The derivative by element i.</param>
    private static void AssertGradient(Func<Tensor, Tensor> loss, double[] at, Func<double[], int, double> byHand)
    {
        const double Step = 1e-6;
        using var scope = NewDisposeScope();
        var leaf = tensor(at).requires_grad_();
        loss(leaf).sum().backward();
        var gradient = leaf.grad!.data<double>();
        for (var i = 0; i < at.Length; i++)
        {
            double At(double change) => loss(tensor(at.Select((value, j) => value + (i == j ? change : 0)).ToArray())).sum().ToDouble();
            Assert.Equal((At(Step) - At(-Step)) / (2 * Step), gradient[i], Tolerance);
            Assert.Equal(byHand(at, i), gradient[i], Tolerance);
        }
    }
}
