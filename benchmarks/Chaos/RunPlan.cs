using System.Globalization;

namespace Rapid.Benchmarks;

/// <summary>A run that is to end as if nothing had happened.</summary>
/// <param name="Name">Of the run; another one for each.</param>
/// <param name="Spec">In YAML.</param>
/// <param name="Steps">Where it ends, exactly.</param>
/// <param name="LeastReturn">The least mean return of the last evaluation, below what undisturbed runs end with.</param>
internal sealed record RunPlan(string Name, string Spec, long Steps, double LeastReturn)
{
    /// <summary>Runs that follow one another: PPO on CartPole with a table in memory, then one whose table is on disk, which the seed
    /// chooses.</summary>
    public static RunPlan Of(int seed, int number) =>
        number % 2 == 0 ? Ppo(number) : seed % 2 == 0 ? P3o(number) : Sac(number);

    /// <summary>Memory: what a killed replay held is made again.</summary>
    private static RunPlan Ppo(int number) => Make(
        number, "ppo", 475, steps: 977 * 512,
        """
        environment: { name: CartPole-v1 }
        algorithm: { name: ppo, rollout_steps: 128 }
        actors: { count: 4, environments: 1 }
        checkpoint: { interval_steps: 10_000 }
        evaluation: { interval_steps: 100_000, episodes: 5, final_episodes: 20 }
        """);

    private static RunPlan Sac(int number) => Make(
        number, "sac", -200, steps: 12_000,
        """
        environment: { name: Pendulum-v1 }
        algorithm:
          { name: sac, rollout_steps: 4, batch_size: 128, policy_learning_rate: 1e-3, warm_up_steps: 1000, policy_delay: 1,
            publish_interval: 8, metrics_interval: 100 }
        network: { hidden_sizes: [64, 64] }
        actors: { count: 4 }
        replay: { store: fsync, capacity_steps: 100_000 }
        checkpoint: { interval_steps: 200 }
        evaluation: { interval_steps: 4_000, episodes: 2, final_episodes: 20 }
        """);

    private static RunPlan P3o(int number) => Make(
        number, "p3o", 300, steps: 102_400,
        """
        environment: { name: CartPole-v1 }
        algorithm: { name: p3o, rollout_steps: 64 }
        actors: { count: 4, environments: 4 }
        replay: { store: fsync }
        checkpoint: { interval_steps: 4096 }
        evaluation: { interval_steps: 40_000, episodes: 2, final_episodes: 20 }
        """);

    private static RunPlan Make(int number, string algorithm, double leastReturn, long steps, string spec)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{algorithm}-{number}");
        return new RunPlan(
            name, string.Create(CultureInfo.InvariantCulture, $"name: {name}\ntotal_steps: {steps}\n{spec}\n"), steps, leastReturn);
    }
}
