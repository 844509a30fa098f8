namespace Rapid.Cli.Terminal;

/// <summary>Ends the command with a sentence for the user, without a stack trace.</summary>
internal sealed class CliException(string message, int exitCode = ExitCode.Failure) : Exception(message)
{
    /// <summary>What the process answers.</summary>
    public int ExitCode => exitCode;
}
