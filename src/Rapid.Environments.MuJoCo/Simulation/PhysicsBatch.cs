using System.Runtime.InteropServices;

namespace Rapid.Environments.MuJoCo.Simulation;

/// <summary>What MuJoCo does in one step of an environment, under the controls that lie in the simulation.</summary>
/// <param name="Simulation">Whose state.</param>
/// <param name="Frames">Physics steps.</param>
/// <param name="ContactForces">Whether "cfrc_ext" is computed after them.</param>
/// <param name="ToCurrent">Whether all else that follows from the new positions and velocities is, as
/// <see cref="MuJoCoSimulation.StepToCurrent"/> does.</param>
internal readonly record struct PhysicsStep(
    MuJoCoSimulation Simulation, int Frames = 1, bool ContactForces = false, bool ToCurrent = false) : IStepMiddle
{
    /// <inheritdoc/>
    public IMiddleBatch Batch(IReadOnlyList<IStepMiddle> middles) => new PhysicsBatch([.. middles.Cast<PhysicsStep>()]);
}

/// <summary>
/// Simulations that are stepped with one native call for any range of them. Different threads may run ranges that do not overlap. Whatever
/// happens to one simulation, the others are stepped.
/// </summary>
/// <param name="steps">What is done for each; not copied.</param>
internal sealed unsafe class PhysicsBatch(PhysicsStep[] steps) : IMiddleBatch
{
    // Pinned, so that native code finds it without marshalling.
    private readonly PhysicsJob[] _jobs = GC.AllocateArray<PhysicsJob>(steps.Length, pinned: true);

    /// <summary>Does the steps of some simulations in one native call.</summary>
    /// <param name="first">Index of the first.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="ObjectDisposedException">One of them does not live any more.</exception>
    public void Run(int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            ref readonly var step = ref steps[i];
            ref var job = ref _jobs[i];
            (job.Model, job.Data) = step.Simulation.Pointers;
            (job.Frames, job.ContactForces, job.ToCurrent) = (step.Frames, step.ContactForces ? 1 : 0, step.ToCurrent ? 1 : 0);
        }

        fixed (PhysicsJob* jobs = _jobs.AsSpan(first, count))
        {
            MuJoCoNative.Step(jobs, count);
        }

        GC.KeepAlive(this);
    }

    /// <summary>Why simulation i was none any more in its last run, in MuJoCo's words; null when all is well.</summary>
    public string? Breakdown(int index)
    {
        ref var job = ref _jobs[index];
        if (job.Status == MuJoCoNative.Ok)
        {
            return null;
        }

        fixed (byte* reason = job.Reason)
        {
            return Marshal.PtrToStringUTF8((nint)reason);
        }
    }
}

/// <summary>One simulation of a native call, as native/mujoco lays it out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PhysicsJob
{
    public const int ReasonLength = 240;

    public nint Model;
    public nint Data;
    public int Frames;
    public int ContactForces;
    public int ToCurrent;
    public int Status;
    public fixed byte Reason[ReasonLength];
}
