namespace Rapid.Learner.Training;

/// <summary>A run in progress.</summary>
public interface ITraining : IDisposable
{
    /// <summary>Runs, or goes on from the newest checkpoint, until total_steps.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, after a checkpoint was written.</exception>
    Task RunAsync(CancellationToken cancellation);
}
