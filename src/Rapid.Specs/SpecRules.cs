using Rapid.Environments;
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

        CheckNetwork(options, environment, problems);
        CheckData(options, problems);
        switch (options.Algorithm)
        {
            case OnPolicyOptions onPolicy:
                CheckOnPolicy(options, onPolicy, problems);
                CheckReplay(options, problems);
                break;
            case SacOptions sac:
                CheckSac(options, sac, problems);
                break;
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

        if (options.Algorithm is SacOptions)
        {
            problems.Add(new SpecProblem("algorithm.name", "sac does not learn from frames; allowed: ppo, a2c, p3o"));
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
        if (options.Offline && algorithm is OnPolicyOptions)
        {
            var message = $"{algorithm.Name} learns from what its own policy just did, which no data can be; allowed with sac";
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

        if (replay.KeepData && (options.Offline || algorithm is OnPolicyOptions))
        {
            var why = options.Offline ? "an offline run has its data already"
                : $"{algorithm.Name} uses each rollout once and keeps none; allowed with sac";
            problems.Add(new SpecProblem("replay.keep_data", why));
        }
    }

    private static void CheckOnPolicy(ExperimentOptions options, OnPolicyOptions algorithm, List<SpecProblem> problems)
    {
        var batch = RoundSteps(options);
        var made = Made(options);
        if (batch > int.MaxValue)
        {
            problems.Add(new SpecProblem("algorithm.rollout_steps", $"a batch of {made} is too large"));
        }
        else if (algorithm is PpoOptions ppo && batch % ppo.Minibatches != 0)
        {
            problems.Add(new SpecProblem("algorithm.minibatches", $"{ppo.Minibatches} does not divide the batch of {made}"));
        }

        if (options.TotalSteps < batch)
        {
            problems.Add(new SpecProblem("total_steps", $"{options.TotalSteps} is less than one batch of {made}"));
        }

        if (options.Replay.CapacitySteps != 0 && options.Replay.CapacitySteps < batch)
        {
            var message = $"{options.Replay.CapacitySteps} is less than one batch of {made}; 0 means exactly one";
            problems.Add(new SpecProblem("replay.capacity_steps", message));
        }
    }

    private static void CheckReplay(ExperimentOptions options, List<SpecProblem> problems)
    {
        if (options.Algorithm is not P3oOptions p3o)
        {
            return;
        }

        if (p3o.ReplaySteps < Math.Max(p3o.WarmUpSteps, RoundSteps(options)))
        {
            var message = $"{p3o.ReplaySteps} is less than algorithm.warm_up_steps {p3o.WarmUpSteps} or one block of each actor, "
                + $"{Made(options)}";
            problems.Add(new SpecProblem("algorithm.replay_steps", message));
        }

        if ((p3o.RolloutSteps + 1L) * p3o.SampleMultiplier * options.Actors.Environments * options.Actors.Count > int.MaxValue)
        {
            var message = $"{p3o.SampleMultiplier} times actors.environments {options.Actors.Environments} times actors.count "
                + $"{options.Actors.Count} sequences of {p3o.RolloutSteps} steps are too large a batch";
            problems.Add(new SpecProblem("algorithm.sample_multiplier", message));
        }
    }

    private static void CheckSac(ExperimentOptions options, SacOptions sac, List<SpecProblem> problems)
    {
        if (!options.Offline)
        {
            CheckCollection(options, sac, problems);
        }

        if (sac.TimeLimit == TimeLimitRule.ZeroAdvantage)
        {
            problems.Add(new SpecProblem(
                "algorithm.time_limit", "'zero_advantage' is not a rule of sac, which has no advantages; allowed: bootstrap, terminal"));
        }

        if (options.Network.Shared)
        {
            problems.Add(new SpecProblem(
                "network.shared", "sac has no shared body: its policy and critics take different inputs; allowed: false"));
        }

        if (options.Normalization.Rewards)
        {
            problems.Add(new SpecProblem(
                "normalization.rewards", "sac learns from raw rewards, scale them with algorithm.reward_scale; allowed: false"));
        }
    }

    /// <summary>What only matters to a run that collects.</summary>
    private static void CheckCollection(ExperimentOptions options, SacOptions sac, List<SpecProblem> problems)
    {
        var round = RoundSteps(options);
        if (options.TotalSteps <= sac.WarmUpSteps)
        {
            var message = $"{options.TotalSteps} is not more than algorithm.warm_up_steps {sac.WarmUpSteps}";
            problems.Add(new SpecProblem("total_steps", message));
        }

        if (options.Replay.CapacitySteps < Math.Max(sac.WarmUpSteps, round))
        {
            var message = $"{options.Replay.CapacitySteps} is less than algorithm.warm_up_steps {sac.WarmUpSteps} or one block "
                + $"of each actor, {Made(options)}";
            problems.Add(new SpecProblem("replay.capacity_steps", message));
        }

        if (sac.NSteps > sac.RolloutSteps)
        {
            var message = $"{sac.NSteps} is more than rollout_steps {sac.RolloutSteps}: returns do not cross blocks";
            problems.Add(new SpecProblem("algorithm.n_steps", message));
        }
    }

    /// <summary>Steps in one block of each slot.</summary>
    private static long RoundSteps(ExperimentOptions options) =>
        (long)options.Algorithm.RolloutSteps * options.Actors.Environments * options.Actors.Count;

    private static string Made(ExperimentOptions options) =>
        $"{RoundSteps(options)} steps (rollout_steps {options.Algorithm.RolloutSteps} x actors.environments {options.Actors.Environments} "
        + $"x actors.count {options.Actors.Count})";
}
