using Rapid.Agents;
using Rapid.Environments;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;

namespace Rapid.Specs;

/// <summary>Rules between fields, which no limit of a single field can say.</summary>
internal static class SpecRules
{
    private const int LongestName = 200;

    /// <summary>Adds everything that does not fit together.</summary>
    public static void Check(ExperimentOptions options, EnvironmentInfo environment, List<SpecProblem> problems)
    {
        if (options.Name.Trim().Length == 0 || options.Name.Length > LongestName || options.Name.Any(char.IsControl))
        {
            var message = $"'{SpecText.Shorten(options.Name)}' is not a name, allowed: 1 to {LongestName} characters on one line";
            problems.Add(new SpecProblem("name", message));
        }

        foreach (var (option, problem) in EnvironmentRegistry.CheckOptions(environment, options.Environment.Options))
        {
            problems.Add(new SpecProblem(option == "name" ? "environment.name" : $"environment.options.{option}", problem));
        }

        CheckActions(options, environment, problems);
        CheckNetwork(options, environment, problems);
        CheckData(options, problems);
        var check = new SpecCheck(options);
        AgentRegistry.Of(options).Check(check);
        problems.AddRange(check.Problems.Select(problem => new SpecProblem(problem.Field, problem.Message)));
    }

    private static void CheckActions(ExperimentOptions options, EnvironmentInfo environment, List<SpecProblem> problems)
    {
        if (!AgentRegistry.Of(options).TakesDiscreteActions && !TaskDefaults.IsContinuous(environment))
        {
            var allowed = string.Join(", ", AgentRegistry.All.Where(agent => agent.TakesDiscreteActions).Select(agent => agent.Name));
            var message = $"{options.Algorithm.Name} has no discrete actions, as those of {environment.Name} are; allowed: {allowed}";
            problems.Add(new SpecProblem("algorithm.name", message));
        }
    }

    private static void CheckNetwork(ExperimentOptions options, EnvironmentInfo environment, List<SpecProblem> problems)
    {
        var network = options.Network;
        if (!environment.ShowsFrames)
        {
            if (network.Encoder != Encoder.None)
            {
                var message = $"'{SpecText.Of(network.Encoder)}' is for frames, and {environment.Name} shows vectors; allowed: none";
                problems.Add(new SpecProblem("network.encoder", message));
            }

            return;
        }

        if (!AgentRegistry.Of(options).SeesFrames)
        {
            var allowed = string.Join(", ", AgentRegistry.All.Where(agent => agent.SeesFrames).Select(agent => agent.Name));
            problems.Add(new SpecProblem("algorithm.name", $"{options.Algorithm.Name} does not learn from frames; allowed: {allowed}"));
        }

        if (network.Encoder == Encoder.None)
        {
            problems.Add(new SpecProblem("network.encoder", "'none' cannot see frames; allowed: nature, ikostrikov, ppo1"));
        }

        if (!network.Shared)
        {
            problems.Add(new SpecProblem("network.shared", "policy and value share the convolutions; allowed with frames: true"));
        }

        if (options.Normalization.Observations)
        {
            problems.Add(new SpecProblem("normalization.observations", "frames are divided by 255 and need no other; allowed: false"));
        }
    }

    private static void CheckData(ExperimentOptions options, List<SpecProblem> problems)
    {
        var (algorithm, replay) = (options.Algorithm, options.Replay);
        var learnsFromData = AgentRegistry.Of(options).Recording.AreTransitions;
        var learners = string.Join(", ", AgentRegistry.All.Where(agent => agent.Recording.AreTransitions).Select(agent => agent.Name));
        if (options.Offline && !learnsFromData)
        {
            var message = $"{algorithm.Name} learns from what its own policy just did, which no data can be; allowed with {learners}";
            problems.Add(new SpecProblem("offline", message));
        }
        else if (options.Offline && string.IsNullOrWhiteSpace(replay.Data))
        {
            const string Message = "is missing: offline needs data that a run kept (replay.keep_data) or 'rapid replay export' wrote";
            problems.Add(new SpecProblem("replay.data", Message));
        }

        if (!options.Offline && replay.Data.Length > 0)
        {
            var message = $"'{SpecText.Shorten(replay.Data)}' would not be read: only a run with offline: true learns from data";
            problems.Add(new SpecProblem("replay.data", message));
        }

        if (replay.KeepData && (options.Offline || !learnsFromData))
        {
            var why = options.Offline ? "an offline run has its data already"
                : $"{algorithm.Name} uses each rollout once and keeps none; allowed with {learners}";
            problems.Add(new SpecProblem("replay.keep_data", why));
        }
    }
}
