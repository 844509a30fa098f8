namespace Rapid.Cli.Terminal;

/// <summary>What the process answers; the README lists them too.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The run, a test or a benchmark failed, or what was asked for does not exist.</summary>
    public const int Failure = 1;

    /// <summary>The command line, the spec or the configuration is wrong; every problem was printed, one a line.</summary>
    public const int BadInput = 2;

    /// <summary>A service does not answer, does not run or does not let this client in.</summary>
    public const int Unreachable = 3;

    /// <summary>Stopped by Ctrl-C or SIGTERM.</summary>
    public const int Stopped = 130;
}
