using Rapid.Agents;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.P3o;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Environments.Registry;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests.Algorithms;

/// <summary>The whole off-policy loss and its gradient against plain double-precision loops and finite differences.</summary>
public class P3oReferenceTests
{
    private const int Steps = 3, Sequences = 2, Rows = Steps * Sequences;

    [Theory]
    [InlineData("CartPole-v1", PolicyDivergence.PolicyFromBehaviour, false, false)]
    [InlineData("CartPole-v1", PolicyDivergence.BehaviourFromPolicy, true, true)]
    [InlineData("CartPole-v1", PolicyDivergence.Repo, false, false)]
    [InlineData("Acrobot-v1", PolicyDivergence.PolicyFromBehaviour, false, true)]
    [InlineData("Hopper-v4", PolicyDivergence.PolicyFromBehaviour, true, false)]
    [InlineData("Hopper-v4", PolicyDivergence.BehaviourFromPolicy, false, false)]
    [InlineData("Hopper-v4", PolicyDivergence.Repo, true, true)]
    public void Off_policy_loss_and_gradient_equal_the_formulas(string environment, PolicyDivergence kl, bool entropy, bool fixedConstants)
    {
        using var scope = NewDisposeScope();
        var (options, layout) = Make(environment, kl, entropy, fixedConstants);
        var algorithm = (P3oOptions)options.Algorithm;
        using var p3o = new P3oLearner(options, layout, CPU);
        var sequences = MakeSequences(layout);
        using var batch = new SequenceBatch(layout, algorithm, Sequences, CPU);
        batch.Load(sequences, null);

        p3o.Policy.Gradients.zero_();
        var (loss, figures) = p3o.OffPolicyLoss(batch);
        p3o.Policy.Backward(loss);

        double[] parameters = [.. p3o.Policy.Parameters.data<float>().Select(value => (double)value)];
        var constants = Constants.Of(parameters, layout, sequences, algorithm);
        Assert.Equal(constants.EffectiveSampleSize, figures.EffectiveSampleSize, 1e-5);
        Assert.Equal(Loss(parameters, layout, sequences, algorithm, constants), loss.ToDouble(), 1e-5);

        var gradients = p3o.Policy.Gradients.data<float>().ToArray();
        for (var i = 0; i < parameters.Length; i++)
        {
            var (value, h) = (parameters[i], 1e-6);
            parameters[i] = value + h;
            var above = Loss(parameters, layout, sequences, algorithm, constants);
            parameters[i] = value - h;
            var below = Loss(parameters, layout, sequences, algorithm, constants);
            parameters[i] = value;
            Assert.Equal((above - below) / (2 * h), gradients[i], 2e-5);
        }

        Assert.Contains(gradients, gradient => Math.Abs(gradient) > 1e-3);
    }

    [Fact]
    public void A_replayed_batch_moves_the_policy_and_reports_its_means_once()
    {
        var (options, layout) = Make("Hopper-v4", PolicyDivergence.PolicyFromBehaviour, entropy: false, fixedConstants: false);
        using var p3o = new P3oLearner(options, layout, CPU);
        var (before, after) = (new float[layout.Length], new float[layout.Length]);
        TensorMemory.CopyTo(p3o.Parameters, before);
        p3o.Replay(MakeSequences(layout), 0);
        TensorMemory.CopyTo(p3o.Parameters, after);
        Assert.NotEqual(before, after);
        Assert.Contains(p3o.TakeReplayFigures(), figure => figure.Name == "replay_effective_sample_size" && figure.Value is > 0 and <= 1);
        Assert.Empty(p3o.TakeReplayFigures());
    }

    /// <summary>What the loss takes as given: no gradient goes through it.</summary>
    private sealed record Constants(
        double[] Weights, double[] Advantages, double[] Returns, double EffectiveSampleSize, double Clip, double KlWeight)
    {
        public static Constants Of(double[] parameters, PolicyLayout layout, Trajectory sequences, P3oOptions options)
        {
            var policy = new ReferencePolicy(layout, parameters);
            var (weights, advantages, returns) = (new double[Rows], new double[Rows], new double[Rows]);
            for (var row = 0; row < Rows; row++)
            {
                var (own, behaviour) = LogProbabilities(policy, layout, sequences, row);
                weights[row] = Math.Exp(own) / (Math.Exp(behaviour) + (layout.IsDiscrete ? 1e-7 : 0));
            }

            var observations = sequences.Floats(TrajectoryColumns.Observations, Steps + 1, Sequences, layout.ObservationSize);
            var final = policy.Evaluate(sequences.Floats(TrajectoryColumns.FinalObservations, 1, layout.ObservationSize)).Value;
            for (var b = 0; b < Sequences; b++)
            {
                var values = new double[Steps + 1];
                var (rewards, terminated, finals) = (new double[Steps], new bool[Steps], new double?[Steps]);
                for (var t = 0; t <= Steps; t++)
                {
                    var start = (t * Sequences + b) * layout.ObservationSize;
                    values[t] = policy.Evaluate(observations.Slice(start, layout.ObservationSize)).Value;
                }

                for (var t = 0; t < Steps; t++)
                {
                    var row = t * Sequences + b;
                    rewards[t] = sequences.Floats(TrajectoryColumns.Rewards, Steps, Sequences)[row];
                    terminated[t] = sequences.Bytes(TrajectoryColumns.Terminated, Steps, Sequences)[row] != 0;
                    finals[t] = sequences.Bytes(TrajectoryColumns.Truncated, Steps, Sequences)[row] != 0 ? final : null;
                }

                var (a, r) = ReferencePolicy.Gae(rewards, values, terminated, finals, options.Gamma, options.GaeLambda);
                for (var t = 0; t < Steps; t++)
                {
                    (advantages[t * Sequences + b], returns[t * Sequences + b]) = (a[t], r[t]);
                }
            }

            var effective = Math.Pow(weights.Sum(), 2) / weights.Sum(w => w * w) / Rows;
            return options.ClipSource == TrustSource.Fixed
                ? new Constants(weights, advantages, returns, effective, options.ImportanceClip, options.KlCoefficient)
                : new Constants(weights, advantages, returns, effective, effective, 1 - effective);
        }
    }

    private static double Loss(double[] parameters, PolicyLayout layout, Trajectory sequences, P3oOptions options, Constants constants)
    {
        var policy = new ReferencePolicy(layout, parameters);
        var observations = sequences.Floats(TrajectoryColumns.Observations, Steps + 1, Sequences, layout.ObservationSize);
        var loss = 0.0;
        for (var row = 0; row < Rows; row++)
        {
            var (own, _) = LogProbabilities(policy, layout, sequences, row);
            var (head, value) = policy.Evaluate(observations.Slice(row * layout.ObservationSize, layout.ObservationSize));
            var (divergence, entropy) = Compare(policy, head, layout, sequences, row, options.Kl);
            loss -= Math.Min(constants.Weights[row], constants.Clip) * constants.Advantages[row] * own;
            loss += options.ValueCoefficient * Math.Pow(constants.Returns[row] - value, 2);
            loss += constants.KlWeight * divergence;
            loss -= options.OffPolicyEntropy ? options.EntropyCoefficient * entropy : 0;
        }

        return loss / Rows;
    }

    private static (double Own, double Behaviour) LogProbabilities(
        ReferencePolicy policy, PolicyLayout layout, Trajectory sequences, int row)
    {
        var observations = sequences.Floats(TrajectoryColumns.Observations, Steps + 1, Sequences, layout.ObservationSize);
        var (head, _) = policy.Evaluate(observations.Slice(row * layout.ObservationSize, layout.ObservationSize));
        if (layout.IsDiscrete)
        {
            var action = (int)sequences.Longs(TrajectoryColumns.Actions, Steps, Sequences)[row];
            var behaviour = Row(sequences, TrajectoryColumns.BehaviourLogProbabilities, layout, row);
            return (ReferencePolicy.LogSoftmax(head)[action], behaviour[action]);
        }

        var actions = Row(sequences, TrajectoryColumns.Actions, layout, row);
        return (
            ReferencePolicy.GaussianLogDensity(head, policy.LogStd, actions),
            ReferencePolicy.GaussianLogDensity(
                Row(sequences, TrajectoryColumns.BehaviourMean, layout, row),
                Row(sequences, TrajectoryColumns.BehaviourLogStd, layout, row),
                actions));
    }

    private static (double Divergence, double Entropy) Compare(
        ReferencePolicy policy, double[] head, PolicyLayout layout, Trajectory sequences, int row, PolicyDivergence kl)
    {
        double divergence, entropy;
        var isReversed = kl == PolicyDivergence.BehaviourFromPolicy;
        if (layout.IsDiscrete)
        {
            var own = ReferencePolicy.LogSoftmax(head);
            var behaviour = Row(sequences, TrajectoryColumns.BehaviourLogProbabilities, layout, row);
            var (p, q) = isReversed ? (behaviour, own) : (own, behaviour);
            divergence = p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum();
            entropy = -own.Sum(logProbability => Math.Exp(logProbability) * logProbability);
        }
        else
        {
            var mean = Row(sequences, TrajectoryColumns.BehaviourMean, layout, row);
            var logStd = Row(sequences, TrajectoryColumns.BehaviourLogStd, layout, row);
            divergence = isReversed
                ? ReferencePolicy.GaussianDivergence(mean, logStd, head, policy.LogStd)
                : ReferencePolicy.GaussianDivergence(head, policy.LogStd, mean, logStd);
            entropy = policy.LogStd.Sum(value => value + 0.5 * Math.Log(2 * Math.PI * Math.E));
        }

        return (kl == PolicyDivergence.Repo ? divergence / layout.Outputs : divergence, entropy);
    }

    private static double[] Row(Trajectory sequences, string column, PolicyLayout layout, int row) =>
    [
        .. sequences.Floats(column, Steps, Sequences, layout.Outputs).Slice(row * layout.Outputs, layout.Outputs).ToArray()
            .Select(value => (double)value),
    ];

    /// <summary>Sequences with a true end in the first and a time limit in the second, acted by a policy that is near but not
    /// equal.</summary>
    private static Trajectory MakeSequences(PolicyLayout layout)
    {
        var random = new RandomStream(11);
        float[] Normal(int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => (float)(scale * random.NextNormal()))];
        var block = new Trajectory { Steps = Steps, Environments = Sequences };
        var size = layout.ObservationSize;
        block.Add<float>(TrajectoryColumns.Observations, Normal((Rows + Sequences) * size, 1), Steps + 1, Sequences, size);
        block.Add<float>(TrajectoryColumns.Rewards, Normal(Rows, 1), Steps, Sequences);
        block.Add<byte>(TrajectoryColumns.Terminated, [0, 0, 1, 0, 0, 0], Steps, Sequences);
        block.Add<byte>(TrajectoryColumns.Truncated, [0, 1, 0, 0, 0, 0], Steps, Sequences);
        block.Add<float>(TrajectoryColumns.FinalObservations, Normal(layout.ObservationSize, 1), 1, layout.ObservationSize);
        if (layout.IsDiscrete)
        {
            var behaviour = new float[Rows * layout.Outputs];
            for (var row = 0; row < Rows; row++)
            {
                var logits = ReferencePolicy.LogSoftmax([.. Normal(layout.Outputs, 0.7).Select(value => (double)value)]);
                logits.Select(value => (float)value).ToArray().CopyTo(behaviour.AsSpan(row * layout.Outputs));
            }

            block.Add<long>(TrajectoryColumns.Actions, [0, 1, 1, 0, 1, 0], Steps, Sequences);
            block.Add<float>(TrajectoryColumns.BehaviourLogProbabilities, behaviour, Steps, Sequences, layout.Outputs);
        }
        else
        {
            size = Rows * layout.Outputs;
            block.Add<float>(TrajectoryColumns.Actions, Normal(size, 0.7), Steps, Sequences, layout.Outputs);
            block.Add<float>(TrajectoryColumns.BehaviourMean, Normal(size, 0.2), Steps, Sequences, layout.Outputs);
            block.Add<float>(TrajectoryColumns.BehaviourLogStd, Normal(size, 0.2), Steps, Sequences, layout.Outputs);
        }

        return block;
    }

    private static (ExperimentOptions Options, PolicyLayout Layout) Make(
        string name, PolicyDivergence kl, bool entropy, bool fixedConstants)
    {
        var options = SpecReader.ReadYaml(
            $$"""
            environment: { name: {{name}} }
            actors: { environments: {{Sequences}} }
            algorithm: { name: p3o, rollout_steps: {{Steps}}, sample_multiplier: 1, entropy_coefficient: 0.05 }
            network: { hidden_sizes: [4], policy_gain: 0.8, initial_log_std: -0.2 }
            """);
        var source = fixedConstants ? TrustSource.Fixed : TrustSource.EffectiveSampleSize;
        var algorithm = (P3oOptions)options.Algorithm with
        {
            Kl = kl,
            OffPolicyEntropy = entropy,
            ClipSource = source,
            KlSource = source,
            ImportanceClip = 0.8,
        };
        using var environment = EnvironmentRegistry.Create(name);
        var layout = ExperimentPolicy.LayoutOf(options, environment.ObservationSpace, environment.ActionSpace);
        return (options with { Algorithm = algorithm }, layout);
    }
}
