using Rapid.Agents;
using Rapid.Policies;
using Rapid.Protocol.Specs;
using TorchSharp;
using static TorchSharp.torch;

namespace Rapid.Learner.Training;

/// <summary>Makes the learner of an experiment's algorithm, on the device that it asks for.</summary>
public static class LearnerFactory
{
    /// <summary>Makes one, untrained.</summary>
    /// <exception cref="InvalidOperationException">CUDA is asked for and not there.</exception>
    public static ILearner Create(ExperimentOptions experiment, PolicyLayout layout)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        TorchThreads.Use(experiment.Learner.Threads);
        return AgentRegistry.Of(experiment).CreateLearner(new LearnerContext(experiment, layout, DeviceOf(experiment)));
    }

    private static Device DeviceOf(ExperimentOptions experiment)
    {
        var hasCuda = torch.cuda.is_available();
        if (experiment.Learner.Device == ComputeDevice.Cuda && !hasCuda)
        {
            throw new InvalidOperationException(
                "learner.device: cuda is asked for but libtorch finds no CUDA device; allowed: auto, cpu, cuda");
        }

        return hasCuda && experiment.Learner.Device != ComputeDevice.Cpu ? torch.CUDA : torch.CPU;
    }
}
