using TorchSharp.Interop;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Gradient descent, optionally with (Nesterov) momentum (Sutskever et al. 2013).</summary>
public class SGD : OptimizerHelper
{
    private readonly Options _defaults;

    /// <summary>Optimises parameters with common options.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public SGD(
        IEnumerable<Parameter> parameters, double lr, double momentum = 0.0, double dampening = 0, double weight_decay = 0,
        bool nesterov = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize)
    {
    }

    /// <summary>Optimises groups of parameters; options that a group leaves open are these.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public SGD(
        IEnumerable<ParamGroup> parameters, double lr, double momentum = 0.0, double dampening = 0, double weight_decay = 0,
        bool nesterov = false, bool maximize = false)
    {
        OptimizerChecks.NonNegative(lr);
        OptimizerChecks.NonNegative(momentum);
        OptimizerChecks.NonNegative(weight_decay);
        if (nesterov && (momentum == 0 || dampening != 0))
        {
            throw new ArgumentException("Nesterov momentum needs a momentum above 0 and no dampening", nameof(nesterov));
        }

        _defaults = new Options
        {
            LearningRate = lr,
            momentum = momentum,
            dampening = dampening,
            weight_decay = weight_decay,
            nesterov = nesterov,
            maximize = maximize,
        };
        foreach (var group in parameters)
        {
            add_param_group(group);
        }
    }

    /// <inheritdoc/>
    public override Tensor? step(Func<Tensor>? closure = null)
    {
        var loss = Evaluate(closure);
        foreach (var group in _parameter_groups)
        {
            Step(group, (Options)group.Options);
        }

        return loss;
    }

    /// <inheritdoc/>
    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var options = (Options)(param_group.Options ??= new Options());
        options.LearningRate ??= _defaults.LearningRate;
        options.momentum ??= _defaults.momentum;
        options.dampening ??= _defaults.dampening;
        options.weight_decay ??= _defaults.weight_decay;
        options.nesterov ??= _defaults.nesterov;
        options.maximize ??= _defaults.maximize;
        AddGroup(param_group, parameter => new State(parameter));
    }

    private static void Step(Modules.ParamGroup group, Options options)
    {
        var native = new NativeSgdState[group.States.Length];
        for (var i = 0; i < native.Length; i++)
        {
            native[i] = ((State)group.States[i]).ToNative();
        }

        var settings = new NativeSgdOptions
        {
            Rate = group.LearningRate,
            Momentum = options.momentum!.Value,
            Dampening = options.dampening!.Value,
            WeightDecay = options.weight_decay!.Value,
            Nesterov = options.nesterov!.Value ? 1 : 0,
            Maximize = options.maximize!.Value ? 1 : 0,
        };
        var status = Native.rt_sgd_step(native, native.Length, settings);
        for (var i = 0; i < native.Length; i++)
        {
            ((State)group.States[i]).Take(native[i]);
        }

        Native.Check(status);
    }

    /// <summary>What is remembered of one parameter.</summary>
    public sealed class State : OptimizerState
    {
        internal State(Parameter parameter)
            : base(parameter)
        {
        }

        /// <summary>The velocity; null before the first step with momentum.</summary>
        public Tensor? momentum_buffer;

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            momentum_buffer?.Dispose();
            momentum_buffer = other.momentum_buffer?.clone().DetachFromDisposeScope();
        }

        internal NativeSgdState ToNative() => new() { Parameter = _parameter.Handle, Momentum = momentum_buffer?.Handle ?? 0 };

        internal void Take(NativeSgdState state)
        {
            if (momentum_buffer is null && state.Momentum != 0)
            {
                momentum_buffer = new Tensor(state.Momentum).DetachFromDisposeScope();
            }
        }

        internal override void Release() => momentum_buffer?.Dispose();
    }

    /// <summary>Settings of a group; null for the optimiser's default.</summary>
    public class Options : OptimizerOptions
    {
        /// <summary>Decay of the velocity.</summary>
        public double? momentum;

        /// <summary>Share of the gradient that the velocity does not take.</summary>
        public double? dampening;

        /// <summary>Weight of an L2 penalty, added to the gradient.</summary>
        public double? weight_decay;

        /// <summary>Look ahead along the velocity.</summary>
        public bool? nesterov;

        /// <summary>Ascend instead of descend.</summary>
        public bool? maximize;

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            momentum = other.momentum;
            dampening = other.dampening;
            weight_decay = other.weight_decay;
            nesterov = other.nesterov;
            maximize = other.maximize;
        }
    }

    /// <summary>Parameters with common options.</summary>
    public class ParamGroup : ParamGroup<Options>
    {
        /// <summary>An empty group.</summary>
        public ParamGroup()
        {
        }

        /// <summary>A group with options.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, Options options)
            : base(parameters, options)
        {
        }
    }
}
