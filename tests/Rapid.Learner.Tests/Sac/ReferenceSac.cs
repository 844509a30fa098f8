using Rapid.Agents.Networks;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.Sac;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests.OffPolicy;

/// <summary>
/// SAC as one would write it down: losses of tensors, autograd, Adam; one step after the other, from the same start and the same noise.
/// </summary>
internal sealed class ReferenceSac : IDisposable
{
    private readonly SacOptions _options;
    private readonly PolicyLayout _layout;
    private readonly int[] _hidden;
    private readonly Parameter _policy, _critics, _target, _logAlpha;
    private readonly optim.Optimizer _policyAdam, _criticAdam, _temperatureAdam;
    private readonly Generator _noise;

    public ReferenceSac(ExperimentOptions options, PolicyLayout layout, IReadOnlyDictionary<string, TensorData> start)
    {
        (_options, _layout, _hidden) = ((SacOptions)options.Algorithm, layout, [.. options.Network.HiddenSizes]);
        Parameter Leaf(string name) => new(tensor(start[name].Floats().ToArray()));
        (_policy, _logAlpha) = (Leaf("policy.parameters"), Leaf("temperature.log_alpha"));
        (_critics, _target) = (Leaf("critics.parameters"), Leaf("critics.target"));
        optim.Optimizer Adam(Parameter leaf, double rate) => optim.Adam([leaf], rate, eps: _options.AdamEpsilon);
        _policyAdam = Adam(_policy, _options.PolicyLearningRate);
        _criticAdam = Adam(_critics, _options.CriticLearningRate);
        _temperatureAdam = Adam(_logAlpha, _options.TemperatureLearningRate);
        _noise = new Generator(RandomStream.Derive(options.Seed, NoiseSource.SeedRole));
    }

    public IReadOnlyDictionary<string, Tensor> Parameters => new Dictionary<string, Tensor>
    {
        ["policy.parameters"] = _policy,
        ["critics.parameters"] = _critics,
        ["critics.target"] = _target,
        ["temperature.log_alpha"] = _logAlpha,
    };

    public void Update(TransitionBatch batch, int update)
    {
        using var scope = NewDisposeScope();
        var actions = batch.Actions.clone();
        Tensor y;
        using (no_grad())
        {
            var (next, density) = Sample(batch.NextObservations);
            y = batch.Rewards + batch.Continues * (Minimum(_target, batch.NextObservations, next) - _logAlpha.exp() * density);
        }

        var error = Values(_critics, batch.Observations, actions) - y;
        Step(_criticAdam, (_options.CriticLoss switch
        {
            CriticLoss.LogCosh => ((error.exp() + (-error).exp()) / 2).log(),
            CriticLoss.SquaredError => error.pow(2),
            _ => error.pow(2) / 2,
        }).mean([1L]).sum());
        for (var i = 0; update % _options.PolicyDelay == 0 && i < _options.PolicyDelay; i++)
        {
            var (action, density) = Sample(batch.Observations);
            Step(_policyAdam, (_logAlpha.exp().detach() * density - Minimum(_critics, batch.Observations, action)).mean());
            var (_, fresh) = Sample(batch.Observations);
            Step(_temperatureAdam, (-_logAlpha.exp() * (fresh.detach().mean() - _layout.ActionSize)).sum());
        }

        if (update % _options.TargetDelay == 0)
        {
            using var noGrad = no_grad();
            _target.mul_(1 - _options.Tau).add_(_critics, _options.Tau);
        }
    }

    public void Dispose()
    {
        IDisposable[] all = [_policyAdam, _criticAdam, _temperatureAdam, _noise, _policy, _critics, _target, _logAlpha];
        foreach (var owned in all)
        {
            owned.Dispose();
        }
    }

    private static void Step(optim.Optimizer optimizer, Tensor loss)
    {
        optimizer.zero_grad();
        loss.backward();
        optimizer.step();
    }

    private (Tensor Action, Tensor LogProbability) Sample(Tensor observations)
    {
        var head = Perceptron(_policy, 1, 0, observations, 2 * _layout.ActionSize);
        var (mean, raw) = (head.narrow(1, 0, _layout.ActionSize), head.narrow(1, _layout.ActionSize, _layout.ActionSize));
        var std = _options.StdParameterization switch
        {
            StdParameterization.TanhLogStd => (raw.tanh() * 3.5 - 1.5).exp(),
            StdParameterization.ClippedLogStd => raw.clamp(-20, 2).exp(),
            _ => (1 + raw.clamp(-6, 6).exp()).log(),
        };
        var u = mean + std * zeros_like(mean).normal_(0, 1, _noise);
        float[] scales = [.. _layout.ActionBox!.High.Zip(_layout.ActionBox.Low, (high, low) => (high - low) / 2)];
        float[] centres = [.. _layout.ActionBox.High.Zip(_layout.ActionBox.Low, (high, low) => (high + low) / 2)];
        var scale = tensor(scales);
        var normal = ((u - mean) / std).pow(2) * -0.5 - std.log() - 0.5 * Math.Log(2 * Math.PI);
        var density = normal - (1 - u.tanh().pow(2) + 1e-9).log() - scale.log();
        return (tensor(centres) + scale * u.tanh(), density.sum(1));
    }

    private Tensor Minimum(Tensor critics, Tensor observations, Tensor actions) => Values(critics, observations, actions).amin(0);

    /// <summary>[2, B].</summary>
    private Tensor Values(Tensor critics, Tensor observations, Tensor actions)
    {
        var input = cat([observations, actions], 1);
        return stack([Perceptron(critics, 2, 0, input, 1).view(-1), Perceptron(critics, 2, 1, input, 1).view(-1)]);
    }

    private Tensor Perceptron(Tensor flat, int networks, int index, Tensor input, int outputs) =>
        Perceptron(flat, _hidden, networks, index, input, outputs);

    /// <summary>One of some perceptrons that lie in a flat buffer layer by layer, with rectified hidden layers: [B, outputs].</summary>
    internal static Tensor Perceptron(Tensor flat, int[] hidden, int networks, int index, Tensor input, int outputs)
    {
        var offset = 0L;
        long[] widths = [.. hidden.Select(width => (long)width), outputs];
        foreach (var width in widths)
        {
            var inputs = input.shape[1];
            var weight = flat.narrow(0, offset + index * width * inputs, width * inputs).view(width, inputs);
            offset += networks * width * inputs;
            input = input.matmul(weight.t()) + flat.narrow(0, offset + index * width, width);
            offset += networks * width;
            input = offset == flat.shape[0] ? input : input.relu();
        }

        return input;
    }
}
