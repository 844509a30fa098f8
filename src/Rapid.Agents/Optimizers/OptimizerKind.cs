namespace Rapid.Agents.Optimizers;

/// <summary>Optimisers of an actor-critic step.</summary>
public enum OptimizerKind
{
    /// <summary>RMSProp without momentum.</summary>
    Rmsprop,
    /// <summary>Adam.</summary>
    Adam,
}

/// <summary>The two update rules that are called RMSProp.</summary>
public enum RmspropFlavour
{
    /// <summary>PyTorch's: mean square from 0, epsilon beside the root.</summary>
    Torch,
    /// <summary>TensorFlow 1's: mean square from 1, epsilon under the root.</summary>
    Tensorflow,
}
