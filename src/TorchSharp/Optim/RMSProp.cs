using TorchSharp.Interop;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>RMSProp (Hinton's lecture 6e), optionally centred and with momentum; eps is added to the root.</summary>
public class RMSProp : OptimizerHelper
{
    private readonly Options _defaults;

    /// <summary>Optimises parameters with common options.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public RMSProp(
        IEnumerable<Parameter> parameters, double lr = 1e-3, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0,
        double momentum = 0.0, bool centered = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, alpha, eps, weight_decay, momentum, centered, maximize)
    {
    }

    /// <summary>Optimises groups of parameters; options that a group leaves open are these.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public RMSProp(
        IEnumerable<ParamGroup> parameters, double lr = 1e-3, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0,
        double momentum = 0.0, bool centered = false, bool maximize = false)
    {
        OptimizerChecks.NonNegative(lr);
        OptimizerChecks.NonNegative(eps);
        OptimizerChecks.NonNegative(alpha);
        OptimizerChecks.NonNegative(momentum);
        OptimizerChecks.NonNegative(weight_decay);
        _defaults = new Options
        {
            LearningRate = lr,
            alpha = alpha,
            eps = eps,
            weight_decay = weight_decay,
            momentum = momentum,
            centered = centered,
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
        options.alpha ??= _defaults.alpha;
        options.eps ??= _defaults.eps;
        options.weight_decay ??= _defaults.weight_decay;
        options.momentum ??= _defaults.momentum;
        options.centered ??= _defaults.centered;
        options.maximize ??= _defaults.maximize;
        AddGroup(param_group, parameter => new State(parameter, options.momentum > 0, options.centered!.Value));
    }

    private static void Step(Modules.ParamGroup group, Options options)
    {
        var native = new NativeRmsPropState[group.States.Length];
        for (var i = 0; i < native.Length; i++)
        {
            native[i] = ((State)group.States[i]).ToNative();
        }

        var settings = new NativeRmsPropOptions
        {
            Rate = group.LearningRate,
            Alpha = options.alpha!.Value,
            Eps = options.eps!.Value,
            WeightDecay = options.weight_decay!.Value,
            Momentum = options.momentum!.Value,
            Maximize = options.maximize!.Value ? 1 : 0,
        };
        var status = Native.rt_rmsprop_step(native, native.Length, settings);
        for (var i = 0; i < native.Length; i++)
        {
            ((State)group.States[i]).step = native[i].Step;
        }

        Native.Check(status);
    }

    /// <summary>What is remembered of one parameter.</summary>
    public sealed class State : OptimizerState
    {
        internal State(Parameter parameter, bool momentum, bool centered)
            : base(parameter)
        {
            square_avg = Zeros();
            momentum_buffer = momentum ? Zeros() : null;
            grad_avg = centered ? Zeros() : null;
        }

        /// <summary>Steps with a gradient.</summary>
        public long step;

        /// <summary>Running mean of the squared gradient.</summary>
        public Tensor square_avg;

        /// <summary>The velocity; null without momentum.</summary>
        public Tensor? momentum_buffer;

        /// <summary>Running mean of the gradient; null unless centred.</summary>
        public Tensor? grad_avg;

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            square_avg.copy_(other.square_avg);
            if (momentum_buffer is not null && other.momentum_buffer is not null)
            {
                momentum_buffer.copy_(other.momentum_buffer);
            }

            if (grad_avg is not null && other.grad_avg is not null)
            {
                grad_avg.copy_(other.grad_avg);
            }
        }

        internal NativeRmsPropState ToNative() => new()
        {
            Parameter = _parameter.Handle,
            Square = square_avg.Handle,
            Momentum = momentum_buffer?.Handle ?? 0,
            Mean = grad_avg?.Handle ?? 0,
            Step = step,
        };

        internal override void Release()
        {
            square_avg.Dispose();
            momentum_buffer?.Dispose();
            grad_avg?.Dispose();
        }
    }

    /// <summary>Settings of a group; null for the optimiser's default.</summary>
    public class Options : OptimizerOptions
    {
        /// <summary>Ascend instead of descend.</summary>
        public bool? maximize;

        /// <summary>Decay of the velocity.</summary>
        public double? momentum;

        /// <summary>Decay of the squared mean.</summary>
        public double? alpha;

        /// <summary>Added to the root of the squared mean.</summary>
        public double? eps;

        /// <summary>Weight of an L2 penalty, added to the gradient.</summary>
        public double? weight_decay;

        /// <summary>Divide by the deviation instead of the root mean square.</summary>
        public bool? centered;

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            maximize = other.maximize;
            momentum = other.momentum;
            alpha = other.alpha;
            eps = other.eps;
            weight_decay = other.weight_decay;
            centered = other.centered;
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
