using System.CommandLine;
using Rapid.Cli.Supervision;

namespace Rapid.Cli.Commands;

/// <summary><c>--state DIR</c>.</summary>
internal static class StateOption
{
    public static Option<string?> Create() => new("--state")
    {
        Description = $"Folder of keys, logs, sockets and Redis' data (default: {StateFolder.Variable}, else .rapid)",
        HelpName = "dir",
    };
}
