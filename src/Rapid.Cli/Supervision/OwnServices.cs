using Rapid.Hosting;

namespace Rapid.Cli.Supervision;

/// <summary>
/// How client commands find the services of <c>rapid up</c> without any setting: where neither the command line nor the environment says
/// otherwise, addresses are those of the state folder, and so is the operator's token, which goes to these addresses alone.
/// </summary>
internal static class OwnServices
{
    /// <summary>The options of a client.</summary>
    /// <exception cref="ConfigurationException">A variable is wrong.</exception>
    public static ServiceOptions Read()
    {
        var options = ServiceOptionsReader.Read(ServiceKind.Learner) with { ActsAs = [Roles.Operator, Roles.Viewer] };
        if (Plan() is not { } plan)
        {
            return options;
        }

        // appsettings.json says it too.
        var defaults = new ServiceOptions { Listen = [] };
        var isLearnerSaid = ClusterPlan.IsSaid("RAPID_LEARNER") || !options.Learners.SequenceEqual(defaults.Learners);
        var isReplaySaid = ClusterPlan.IsSaid("RAPID_REPLAY") || !options.Replay.SequenceEqual(defaults.Replay);
        return options with
        {
            Learners = isLearnerSaid ? options.Learners : [ServiceAddress.Parse(plan.Learner)],
            Replay = isReplaySaid ? options.Replay : [.. plan.Replays.Select(ServiceAddress.Parse)],
        };
    }

    /// <summary>The options with which a client talks to a service: with the operator's token when none is set and the service is one of
    /// the state folder's.</summary>
    public static ServiceOptions For(ServiceAddress service, ServiceOptions options)
    {
        var isOwn = Plan() is { } plan && plan.Replays.Append(plan.Learner).Contains($"{service}");
        return isOwn && options.TokenVariables.Count == 0 && ReadToken() is { } token
            ? options with { RoleTokens = new Dictionary<string, string> { [Roles.Operator] = token } }
            : options;
    }

    private static ClusterPlan? Plan() => StateFolder.Locate(null).ReadPlan();

    private static string? ReadToken()
    {
        var path = ServiceKeys.TokenFile(StateFolder.Locate(null), Roles.Operator);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }
}
