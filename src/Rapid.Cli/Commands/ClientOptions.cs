using System.CommandLine;
using Rapid.Cli.Clients;
using Rapid.Cli.Supervision;
using Rapid.Cli.Terminal;
using Rapid.Hosting;

namespace Rapid.Cli.Commands;

/// <summary>How the client commands find the learner.</summary>
internal static class ClientOptions
{
    /// <summary><c>--learner ADDRESS</c>.</summary>
    public static Option<string?> LearnerOption() =>
        new("--learner")
        {
            Description = "Address of the learner (default: RAPID_LEARNER, else that of 'rapid up', else http://127.0.0.1:5102)",
        };

    /// <summary>Opens what the option or the environment names.</summary>
    /// <exception cref="CliException">The address is none.</exception>
    public static Remote Open(string? learner)
    {
        var options = OwnServices.Read();
        if (learner is null)
        {
            return new Remote(options.Learners, OwnServices.For(options.Learner, options));
        }

        return ServiceAddress.TryParse(learner, out var address) && address.IsReachable
            ? new Remote([address], OwnServices.For(address, options))
            : throw new CliException($"--learner: '{learner}' is not an address; allowed: {ServiceAddress.Allowed}", ExitCode.BadInput);
    }
}
