using Rapid.Agents.OffPolicy;
using Rapid.Agents.State;
using Rapid.Agents.Td3;
using Rapid.Core;
using Rapid.Learner.Tests.OffPolicy;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rapid.Learner.Tests.Td3;

/// <summary>
/// TD3 as its paper's algorithm 1 has it: losses of tensors, autograd, Adam; one step after the other, from the same start and the same noise.
/// </summary>
internal sealed class ReferenceTd3 : IDisposable
{
    // ASCII of "nois".
    private const ulong NoiseRole = 0x6E6F6973;

    private readonly Td3Options _options;
    private readonly PolicyLayout _layout;
    private readonly int[] _hidden;
    private readonly Parameter _policy, _slowPolicy, _critics, _slowCritics;
    private readonly optim.Optimizer _policyAdam, _criticAdam;
    private readonly Generator _noise;
    private readonly Tensor _low, _high;

    public ReferenceTd3(ExperimentOptions options, PolicyLayout layout, IReadOnlyDictionary<string, TensorData> start)
    {
        (_options, _layout, _hidden) = ((Td3Options)options.Algorithm, layout, [.. options.Network.HiddenSizes]);
        Parameter Leaf(string name) => new(tensor(start[name].Floats().ToArray()));
        (_policy, _slowPolicy) = (Leaf("policy.parameters"), Leaf("policy.target"));
        (_critics, _slowCritics) = (Leaf("critics.parameters"), Leaf("critics.target"));
        _policyAdam = optim.Adam([_policy], _options.PolicyLearningRate, eps: _options.AdamEpsilon);
        _criticAdam = optim.Adam([_critics], _options.CriticLearningRate, eps: _options.AdamEpsilon);
        _noise = new Generator(RandomStream.Derive(options.Seed, NoiseRole));
        (_low, _high) = (tensor(layout.ActionBox!.Low.ToArray()), tensor(layout.ActionBox.High.ToArray()));
    }

    public IReadOnlyDictionary<string, Tensor> Parameters => new Dictionary<string, Tensor>
    {
        ["policy.parameters"] = _policy,
        ["policy.target"] = _slowPolicy,
        ["critics.parameters"] = _critics,
        ["critics.target"] = _slowCritics,
    };

    public void Update(TransitionBatch batch, int update)
    {
        using var scope = NewDisposeScope();
        var actions = batch.Actions.clone();
        Tensor y;
        using (no_grad())
        {
            var halfWidth = (_high - _low) / 2;
            var noise = (zeros_like(actions).normal_(0, 1, _noise) * _options.TargetNoise).clamp(-_options.NoiseClip, _options.NoiseClip);
            var next = (Act(_slowPolicy, batch.NextObservations) + noise * halfWidth).clamp(_low, _high);
            y = batch.Rewards + batch.Continues * Values(_slowCritics, batch.NextObservations, next).amin(0);
        }

        Step(_criticAdam, (Values(_critics, batch.Observations, actions) - y).pow(2).mean([1L]).sum());
        if (update % _options.PolicyDelay == 0)
        {
            Step(_policyAdam, -Values(_critics, batch.Observations, Act(_policy, batch.Observations))[0].mean());
            using var noGrad = no_grad();
            _slowCritics.mul_(1 - _options.Tau).add_(_critics, _options.Tau);
            _slowPolicy.mul_(1 - _options.Tau).add_(_policy, _options.Tau);
        }
    }

    public void Dispose()
    {
        IDisposable[] all = [_policyAdam, _criticAdam, _noise, _policy, _slowPolicy, _critics, _slowCritics, _low, _high];
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

    private Tensor Act(Tensor policy, Tensor observations) => (_low + _high) / 2
        + (_high - _low) / 2 * ReferenceSac.Perceptron(policy, _hidden, 1, 0, observations, _layout.ActionSize).tanh();

    /// <summary>[2, B].</summary>
    private Tensor Values(Tensor critics, Tensor observations, Tensor actions)
    {
        var input = cat([observations, actions], 1);
        return stack([.. Enumerable.Range(0, 2).Select(index => ReferenceSac.Perceptron(critics, _hidden, 2, index, input, 1).view(-1))]);
    }
}
