namespace Rapid.Learner.Queue;

/// <summary>Another learner may train the run now: this one writes nothing more of it.</summary>
public sealed class LeaseLostException(string message) : OperationCanceledException(message);
