using Rapid.Policies;
using Rapid.Protocol.Specs;
using TorchSharp;

namespace Rapid.Learner.Algorithms;

/// <summary>Makes the algorithm that an experiment names, on the device it asks for.</summary>
public static class AlgorithmFactory
{
    /// <summary>Makes it, untrained.</summary>
    /// <exception cref="InvalidOperationException">CUDA is asked for and not there.</exception>
    public static IAlgorithm Create(ExperimentOptions experiment, PolicyLayout layout)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        torch.set_num_threads(experiment.Learner.Threads);
        var hasCuda = torch.cuda.is_available();
        if (experiment.Learner.Device == ComputeDevice.Cuda && !hasCuda)
        {
            throw new InvalidOperationException("learner.device: cuda is asked for but libtorch finds no CUDA device; allowed: auto, cpu, cuda");
        }

        var device = hasCuda && experiment.Learner.Device != ComputeDevice.Cpu ? torch.CUDA : torch.CPU;
        return experiment.Algorithm switch
        {
            PpoOptions => new Ppo(experiment, layout, device),
            P3oOptions => new P3o(experiment, layout, device),
            A2cOptions => new A2c(experiment, layout, device),
            var other => throw new InvalidOperationException($"algorithm.name: '{other.Name}' has no implementation"),
        };
    }
}
