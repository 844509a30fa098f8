using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>What the optimisers share: groups, per-parameter state, gradients.</summary>
public abstract class OptimizerHelper : Optimizer
{
    private readonly List<OptimizerState> _states = [];

    /// <summary>Sets all gradients to zero; the gradient tensors stay.</summary>
    public override void zero_grad()
    {
        using var recording = no_grad();
        foreach (var parameter in parameters())
        {
            using var gradient = parameter.grad;
            gradient?.zero_();
        }
    }

    /// <summary>Options of each group and state of each parameter, alive (no copies).</summary>
    public virtual StateDictionary state_dict()
    {
        var dictionary = new StateDictionary();
        dictionary.Options.AddRange(_parameter_groups.Select(group => group.Options));
        dictionary.State.AddRange(_states);
        return dictionary;
    }

    /// <summary>Copies options and state from another optimiser of the same kind over parameters of the same shapes.</summary>
    /// <exception cref="ArgumentException">The number of groups or parameters differs.</exception>
    public virtual void load_state_dict(StateDictionary state_dict)
    {
        var own = this.state_dict();
        if (state_dict.Options.Count != own.Options.Count || state_dict.State.Count != own.State.Count)
        {
            throw new ArgumentException(
                $"a state of {state_dict.Options.Count} groups and {state_dict.State.Count} parameters does not fit an optimiser of "
                + $"{own.Options.Count} and {own.State.Count}", nameof(state_dict));
        }

        using var recording = no_grad();
        for (var i = 0; i < own.Options.Count; i++)
        {
            own.Options[i].LoadStateDict(state_dict.Options[i]);
        }

        for (var i = 0; i < own.State.Count; i++)
        {
            own.State[i].LoadStateDict(state_dict.State[i]);
        }
    }

    /// <summary>Releases the state of every parameter.</summary>
    protected override void Dispose(bool disposing)
    {
        if (!disposing)
        {
            return;
        }

        foreach (var state in _states)
        {
            state.Release();
        }

        _states.Clear();
    }

    /// <summary>Adds a group whose options are complete, with one new state per parameter.</summary>
    private protected void AddGroup(ParamGroup group, Func<Parameter, OptimizerState> newState)
    {
        group.Options.InitialLearningRate = group.LearningRate;
        group.Parameters = [.. group.Parameters];
        using var recording = no_grad();
        group.States = [.. group.Parameters.Select(newState)];
        _parameter_groups.Add(group);
        _states.AddRange(group.States);
    }

    /// <summary>Evaluates the closure, if any, with recording on.</summary>
    private protected static Tensor? Evaluate(Func<Tensor>? closure)
    {
        if (closure is null)
        {
            return null;
        }

        using var recording = enable_grad();
        return closure();
    }
}

/// <summary>Settings of a group of parameters.</summary>
public class OptimizerOptions
{
    /// <summary>The learning rate of the next step; null for the optimiser's default.</summary>
    public double? LearningRate { get; set; }

    /// <summary>The learning rate that schedules start from.</summary>
    public double InitialLearningRate { get; set; }

    /// <summary>Takes over the settings of another group.</summary>
    public virtual void LoadStateDict(OptimizerOptions source)
    {
        LearningRate = source.LearningRate;
        InitialLearningRate = source.InitialLearningRate;
    }
}

/// <summary>What an optimiser remembers of one parameter.</summary>
public abstract class OptimizerState
{
    private protected OptimizerState(Parameter parameter) => _parameter = parameter;

    /// <summary>The parameter.</summary>
    private protected Parameter _parameter { get; }

    /// <summary>Copies the state of another parameter of the same shape.</summary>
    public abstract void LoadStateDict(OptimizerState source);

    internal abstract void Release();

    /// <summary>Zeros like the parameter, outside all scopes.</summary>
    private protected Tensor Zeros() => zeros_like(_parameter).DetachFromDisposeScope();
}

/// <summary>Parameters with common options.</summary>
public class ParamGroup : ILearningRateController
{
    /// <summary>The parameters.</summary>
    public IEnumerable<Parameter> Parameters { get; set; } = [];

    /// <summary>The options.</summary>
    public OptimizerOptions Options { get; set; } = null!;

    /// <summary>The learning rate of the next step.</summary>
    public double LearningRate
    {
        get => Options.LearningRate!.Value;
        set => Options.LearningRate = value;
    }

    /// <summary>The learning rate that schedules start from.</summary>
    public double InitialLearningRate
    {
        get => Options.InitialLearningRate;
        set => Options.InitialLearningRate = value;
    }

    internal OptimizerState[] States { get; set; } = [];
}

/// <summary>Parameters with common options of one kind.</summary>
public class ParamGroup<TOptions> : ParamGroup where TOptions : OptimizerOptions
{
    /// <summary>An empty group.</summary>
    public ParamGroup()
    {
    }

    /// <summary>A group; options that are null are the optimiser's.</summary>
    public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
    {
        Parameters = parameters;
        base.Options = options!;
    }

    /// <summary>The options.</summary>
    public new TOptions Options
    {
        get => (TOptions)base.Options;
        set => base.Options = value;
    }
}
