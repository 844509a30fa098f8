using System.Globalization;
using Rapid.Environments;
using Rapid.Hosting;
using Rapid.Policies;
using Rapid.Protocol;
using Rapid.Protocol.Specs;

namespace Rapid.Learner.Experiments;

/// <summary>Tries what a spec alone does not tell: whether its environment can be played, and whether what it asks for fits.</summary>
public static class RunTrial
{
    private const int Steps = 10;

    // Part of the run's seed: ASCII of "envs", as of the slots of actors.
    private const ulong EnvironmentRole = 0x656E7673;

    // Of a parameter: itself, its gradient and two moments of its optimiser. Off-policy algorithms have two critics of about the policy's
    // size, and slow copies of both.
    private const long OnPolicyBytes = 16, OffPolicyBytes = 16 + 2 * (16 + 4);

    // Names, hashes and counters of a message.
    private const long MessageOverhead = 1 << 10;

    /// <summary>Plays a moment with the spec's own options and adds up what its network and its messages need.</summary>
    /// <param name="spec">Valid as such.</param>
    /// <param name="service">Limits of the services.</param>
    /// <exception cref="SpecException">With every problem.</exception>
    public static void Check(ExperimentOptions spec, ServiceOptions service)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(service);
        SpecProblem? problem;
        try
        {
            using var environment = new VectorEnvironment(
                _ => EnvironmentFactory.Create(spec.Environment), 1, RandomStream.Derive(spec.Seed, EnvironmentRole, 0));
            problem = Play(environment) is { } reason ? Unplayable(spec, reason)
                : ProblemOf(spec, environment.ObservationSpace, environment.ActionSpace, service.MaxMessageBytes);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Whatever an environment of the user's throws, it would throw it at every actor.
            problem = Unplayable(spec, error.Message);
        }

        if (problem is not null)
        {
            throw new SpecException([problem]);
        }
    }

    private static SpecProblem Unplayable(ExperimentOptions spec, string reason) =>
        new("environment", $"'{spec.Environment.Name}' cannot be played with its options: {reason}");

    /// <summary>Why no step of an episode brings anything to learn from; null when one does.</summary>
    private static string? Play(VectorEnvironment environment)
    {
        var size = environment.ObservationSpace.Size;
        var (seen, final, action) = (new float[size], new float[size], new float[environment.ActionSpace.Size]);
        var (reward, terminated, truncated) = (new float[1], new byte[1], new byte[1]);
        environment.Reset(seen);
        for (var step = 0; step < Steps; step++)
        {
            environment.Step(action, seen, reward, terminated, truncated, final);
        }

        return environment.BrokenCount == Steps ? environment.Breakdowns[0].Reason : null;
    }

    private static SpecProblem? ProblemOf(ExperimentOptions spec, Space observations, Space actions, int maxMessage)
    {
        PolicyLayout layout;
        try
        {
            layout = PolicyLayout.Create(spec, observations, actions);
        }
        catch (OverflowException)
        {
            return new SpecProblem("network.hidden_sizes", $"the network has more than {int.MaxValue} parameters; allowed: fewer");
        }

        var memory = layout.Length * (spec.Algorithm is SacOptions ? OffPolicyBytes : OnPolicyBytes);
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (memory > available)
        {
            return new SpecProblem("network.hidden_sizes", string.Create(
                CultureInfo.InvariantCulture,
                $"{layout.Length} parameters with the optimiser's state need {Mebibytes(memory)} of the learner's {Mebibytes(available)}; "
                    + $"allowed: a smaller network"));
        }

        // What the learner sends for each version, what actors send for each block, and what the replay service sends for each batch.
        var observation = observations is FrameSpace ? observations.Size : sizeof(float) * (long)observations.Size;
        var step = observation + sizeof(float) * (actions.Size + 1L);
        var (rollout, environments) = (spec.Algorithm.RolloutSteps, spec.Actors.Environments);
        return TooLarge("network.hidden_sizes", "policy", sizeof(float) * (long)layout.Length + 16L * layout.ObservationSize, maxMessage)
            ?? TooLarge("algorithm.rollout_steps", "block of an actor", step * rollout * environments, maxMessage)
            ?? spec.Algorithm switch
            {
                SacOptions sac => TooLarge("algorithm.batch_size", "batch", (step + observation) * sac.BatchSize, maxMessage),
                P3oOptions p3o => TooLarge(
                    "algorithm.sample_multiplier", "batch of sequences",
                    step * rollout * environments * p3o.SampleMultiplier * spec.Actors.Count, maxMessage),
                _ => null,
            };
    }

    private static SpecProblem? TooLarge(string field, string what, long bytes, int limit) => bytes + MessageOverhead <= limit
        ? null
        : new SpecProblem(field, $"a {what} has at least {Mebibytes(bytes)} and a message at most {Mebibytes(limit)}; "
            + "allowed: a smaller one, or a larger RAPID_MAX_MESSAGE for every service");

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB");
}
