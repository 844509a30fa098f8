namespace Rapid.Cli.Supervision;

/// <summary>What a supervisor knows of a service besides its process; the next supervisor goes on from it.</summary>
/// <param name="Restarts">How many times it was started again because it had ended.</param>
/// <param name="LastEnd">How it ended last, such as "killed by signal 9"; null when it never did.</param>
internal sealed record ServiceHistory(int Restarts, string? LastEnd);
