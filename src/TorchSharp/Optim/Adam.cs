using TorchSharp.Interop;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Adam (Kingma and Ba 2015, algorithm 1).</summary>
public class Adam : OptimizerHelper
{
    private readonly Options _defaults;

    /// <summary>Optimises parameters with common options.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Adam(
        IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weight_decay = 0, bool amsgrad = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
    {
    }

    /// <summary>Optimises groups of parameters; options that a group leaves open are these.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Adam(
        IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weight_decay = 0, bool amsgrad = false, bool maximize = false)
    {
        OptimizerChecks.NonNegative(lr);
        OptimizerChecks.NonNegative(eps);
        OptimizerChecks.NonNegative(weight_decay);
        OptimizerChecks.BelowOne(beta1);
        OptimizerChecks.BelowOne(beta2);
        _defaults = new Options
        {
            LearningRate = lr,
            beta1 = beta1,
            beta2 = beta2,
            eps = eps,
            weight_decay = weight_decay,
            amsgrad = amsgrad,
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
        options.beta1 ??= _defaults.beta1;
        options.beta2 ??= _defaults.beta2;
        options.eps ??= _defaults.eps;
        options.weight_decay ??= _defaults.weight_decay;
        options.amsgrad ??= _defaults.amsgrad;
        options.maximize ??= _defaults.maximize;
        AddGroup(param_group, parameter => new State(parameter, options.amsgrad!.Value));
    }

    private static void Step(Modules.ParamGroup group, Options options)
    {
        var native = new NativeAdamState[group.States.Length];
        for (var i = 0; i < native.Length; i++)
        {
            native[i] = ((State)group.States[i]).ToNative();
        }

        var settings = new NativeAdamOptions
        {
            Rate = group.LearningRate,
            Beta1 = options.beta1!.Value,
            Beta2 = options.beta2!.Value,
            Eps = options.eps!.Value,
            WeightDecay = options.weight_decay!.Value,
            Maximize = options.maximize!.Value ? 1 : 0,
        };
        var status = Native.rt_adam_step(native, native.Length, settings);
        for (var i = 0; i < native.Length; i++)
        {
            ((State)group.States[i]).step = native[i].Step;
        }

        Native.Check(status);
    }

    /// <summary>What is remembered of one parameter.</summary>
    public sealed class State : OptimizerState
    {
        internal State(Parameter parameter, bool amsgrad)
            : base(parameter)
        {
            exp_avg = Zeros();
            exp_avg_sq = Zeros();
            max_exp_avg_sq = amsgrad ? Zeros() : null;
        }

        /// <summary>Steps with a gradient.</summary>
        public long step;

        /// <summary>Running mean of the gradient.</summary>
        public Tensor exp_avg;

        /// <summary>Running mean of the squared gradient.</summary>
        public Tensor exp_avg_sq;

        /// <summary>Largest such mean so far; null without AMSGrad.</summary>
        public Tensor? max_exp_avg_sq;

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            exp_avg.copy_(other.exp_avg);
            exp_avg_sq.copy_(other.exp_avg_sq);
            if (max_exp_avg_sq is not null && other.max_exp_avg_sq is not null)
            {
                max_exp_avg_sq.copy_(other.max_exp_avg_sq);
            }
        }

        internal NativeAdamState ToNative() => new()
        {
            Parameter = _parameter.Handle,
            Mean = exp_avg.Handle,
            Square = exp_avg_sq.Handle,
            MaxSquare = max_exp_avg_sq?.Handle ?? 0,
            Step = step,
        };

        internal override void Release()
        {
            exp_avg.Dispose();
            exp_avg_sq.Dispose();
            max_exp_avg_sq?.Dispose();
        }
    }

    /// <summary>Settings of a group; null for the optimiser's default.</summary>
    public class Options : OptimizerOptions
    {
        /// <summary>Decay of the mean.</summary>
        public double? beta1;

        /// <summary>Decay of the squared mean.</summary>
        public double? beta2;

        /// <summary>Weight of an L2 penalty, added to the gradient.</summary>
        public double? weight_decay;

        /// <summary>Added to the root of the squared mean.</summary>
        public double? eps;

        /// <summary>Divide by the largest squared mean so far (Reddi et al. 2018).</summary>
        public bool? amsgrad;

        /// <summary>Ascend instead of descend.</summary>
        public bool? maximize;

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            beta1 = other.beta1;
            beta2 = other.beta2;
            weight_decay = other.weight_decay;
            eps = other.eps;
            amsgrad = other.amsgrad;
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

        /// <summary>A group with options.</summary>
        public ParamGroup(
            IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
            double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : this(parameters, new Options
            {
                LearningRate = lr,
                beta1 = beta1,
                beta2 = beta2,
                eps = eps,
                weight_decay = weight_decay,
                amsgrad = amsgrad,
                maximize = maximize,
            })
        {
        }
    }
}
