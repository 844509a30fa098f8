using Rapid.Policies;
using Rapid.Protocol.Specs;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Algorithms;

/// <summary>Makes the algorithm that an experiment names, on the device it asks for.</summary>
public static class AlgorithmFactory
{
    /// <summary>Makes one that learns from fresh blocks, untrained.</summary>
    /// <exception cref="InvalidOperationException">CUDA is asked for and not there.</exception>
    public static IAlgorithm Create(ExperimentOptions experiment, PolicyLayout layout)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        var device = Prepare(experiment);
        return experiment.Algorithm switch
        {
            PpoOptions => new Ppo(experiment, layout, device),
            P3oOptions => new P3o(experiment, layout, device),
            A2cOptions => new A2c(experiment, layout, device),
            var other => throw new InvalidOperationException($"algorithm.name: '{other.Name}' does not learn from fresh blocks"),
        };
    }

    /// <summary>Makes one that learns from sampled transitions, untrained.</summary>
    /// <exception cref="InvalidOperationException">CUDA is asked for and not there.</exception>
    public static IOffPolicyAlgorithm CreateOffPolicy(ExperimentOptions experiment, PolicyLayout layout)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        ArgumentNullException.ThrowIfNull(layout);
        var device = Prepare(experiment);
        return experiment.Algorithm switch
        {
            SacOptions when layout.IsDiscrete => new DiscreteSac(experiment, layout, device),
            SacOptions => new Sac(experiment, layout, device),
            var other => throw new InvalidOperationException($"algorithm.name: '{other.Name}' does not learn from transitions"),
        };
    }

    private static Device Prepare(ExperimentOptions experiment)
    {
        TorchThreads.Use(experiment.Learner.Threads);
        var hasCuda = torch.cuda.is_available();
        if (experiment.Learner.Device == ComputeDevice.Cuda && !hasCuda)
        {
            throw new InvalidOperationException(
                "learner.device: cuda is asked for but libtorch finds no CUDA device; allowed: auto, cpu, cuda");
        }

        return hasCuda && experiment.Learner.Device != ComputeDevice.Cpu ? torch.CUDA : torch.CPU;
    }
}
