namespace Rapid.Hosting;

/// <summary>The four services.</summary>
public enum ServiceKind
{
    /// <summary>Tables of trajectories; listens on port 5101 by default.</summary>
    Replay,
    /// <summary>Optimises policies and hands out work; listens on port 5102 by default.</summary>
    Learner,
    /// <summary>Steps environments; answers health checks on the first free port from 5103 by default.</summary>
    Actor,
    /// <summary>Scores policies; answers health checks on the first free port from 5104 by default.</summary>
    Evaluator,
}
