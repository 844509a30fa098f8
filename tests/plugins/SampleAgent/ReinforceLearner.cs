using Rapid.Agents;
using Rapid.Agents.OnPolicy;
using Rapid.Agents.State;
using Rapid.Core;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace SampleAgent;

/// <summary>Plain gradient ascent on mean(R log pi(a|s)), for discrete actions.</summary>
public sealed class ReinforceLearner : IRolloutLearner
{
    private readonly ReinforceOptions _options;
    private readonly PolicyLayout _layout;
    private readonly RolloutBatch _batch;
    private readonly Minibatches _tensors;
    private readonly int[] _inOrder;
    private readonly Tensor _parameters;

    public ReinforceLearner(LearnerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        (_options, _layout) = ((ReinforceOptions)context.Experiment.Algorithm, context.Layout);
        BatchSteps = (int)context.Experiment.RoundSteps;
        _batch = new RolloutBatch(_layout, _options, BatchSteps);
        _tensors = new Minibatches(_layout, BatchSteps, 1, context.Device);
        _inOrder = [.. Enumerable.Range(0, BatchSteps)];
        var initial = new float[_layout.Length];
        Initializer.Initialize(_layout, context.Experiment.Network, new RandomStream(context.Experiment.Seed), initial);
        _parameters = tensor(initial, device: context.Device).requires_grad_();
    }

    public int BatchSteps { get; }

    public IReadOnlyList<(string Name, double Value)> Update(
        IReadOnlyList<Trajectory> blocks, double progress, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        cancellation.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        _batch.Clear();
        foreach (var block in blocks)
        {
            _batch.Append(block, rewards: null, finals => new float[finals.shape[0]]);
        }

        var all = _tensors.Gather(_batch, _inOrder, static _ => { }).Single();
        var logPi = Logits(all.Observations).log_softmax(1).gather(1, all.Actions).squeeze(1);
        var weights = _options.Baseline ? (all.Returns - all.Returns.mean()) / (all.Returns.std() + 1e-8) : all.Returns;
        var loss = -(weights * logPi).mean();
        loss.backward();
        using (no_grad())
        {
            _parameters.sub_(_parameters.grad! * _options.LearningRate);
        }

        return [("policy_loss", loss.ToDouble()), ("return", all.Returns.mean().ToDouble())];
    }

    public Tensor Parameters => _parameters;

    public Tensor Gradients => _parameters.grad!;

    public void Visit(StateBag bag)
    {
        ArgumentNullException.ThrowIfNull(bag);
        bag.Visit("parameters", _parameters);
    }

    public void Dispose()
    {
        _parameters.Dispose();
        _tensors.Dispose();
    }

    private Tensor Logits(Tensor hidden)
    {
        for (var layer = 0; layer < _layout.HiddenSizes.Count; layer++)
        {
            hidden = nn.functional.linear(hidden, Slice($"body.{layer}.weight").squeeze(0), Slice($"body.{layer}.bias").squeeze(0));
            hidden = _layout.Activation == Activation.Tanh ? hidden.tanh() : hidden.relu();
        }

        return nn.functional.linear(hidden, Slice("policy.weight"), Slice("policy.bias"));
    }

    private Tensor Slice(string name)
    {
        var slice = _layout[name];
        return _parameters.narrow(0, slice.Offset, slice.Length).view([.. slice.Shape.Select(size => (long)size)]);
    }
}
