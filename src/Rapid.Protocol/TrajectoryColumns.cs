namespace Rapid.Protocol;

/// <summary>Names of the columns of an on-policy trajectory block of T steps and N environments.</summary>
public static class TrajectoryColumns
{
    /// <summary>float32 [T+1, N, obs]: what the policy saw (normalised when the experiment normalises); the last row bootstraps. Of frames
    /// uint8 [T+1, N, pixels]: the newest of each stack.</summary>
    public const string Observations = "observations";

    /// <summary>uint8 [S-1, N, pixels]: the older frames of the first stacks, oldest first and padded. With them and the endings all stacks
    /// of the block can be made again.</summary>
    public const string FrameHistory = "frame_history";

    /// <summary>Box: float32 [T, N, act], unclipped; discrete: int64 [T, N].</summary>
    public const string Actions = "actions";

    /// <summary>float32 [T, N], raw.</summary>
    public const string Rewards = "rewards";

    /// <summary>uint8 [T, N]: 1 when the step ended the episode for good.</summary>
    public const string Terminated = "terminated";

    /// <summary>uint8 [T, N]: 1 when only a limit ended the episode.</summary>
    public const string Truncated = "truncated";

    /// <summary>float32 [T, N]: log-probability of the action under the behaviour policy.</summary>
    public const string LogProbabilities = "log_probabilities";

    /// <summary>
    /// float32 [T, N, A]: log-probabilities of all actions under a categorical behaviour policy; only when the algorithm asks for it (P3O).
    /// </summary>
    public const string BehaviourLogProbabilities = "behaviour_log_probabilities";

    /// <summary>float32 [T, N, act]: means of a Gaussian behaviour policy; only when the algorithm asks for it (P3O).</summary>
    public const string BehaviourMean = "behaviour_mean";

    /// <summary>float32 [T, N, act]: log standard deviations of a Gaussian behaviour policy, with <see cref="BehaviourMean"/>. The same in
    /// every step of a block, but sequences of many blocks are sampled side by side.</summary>
    public const string BehaviourLogStd = "behaviour_log_std";

    /// <summary>float32 [T+1, N]: the behaviour's value estimates; the last row bootstraps.</summary>
    public const string Values = "values";

    /// <summary>float32 [K, obs]: what the policy would have seen after the K truncated steps, in (step, environment) order.</summary>
    public const string FinalObservations = "final_observations";

    /// <summary>float32 [B, obs] of sampled transitions: what came after, the final observation where that was truncated.</summary>
    public const string NextObservations = "next_observations";

    /// <summary>float32 [B] of sampled n-step transitions: what the value of <see cref="NextObservations"/> counts.</summary>
    public const string Discounts = "discounts";

    /// <summary>float32 [B] of prioritised samples: importance weights.</summary>
    public const string Weights = "weights";

    /// <summary>
    /// float32 [T, N]: discounted sum of raw rewards since the episode began, G = gamma * G + r; only when rewards are normalised.
    /// </summary>
    public const string DiscountedReturns = "discounted_returns";

    /// <summary>
    /// float64 [2, obs]: mean and population variance of the raw observations of this block; only when observations are normalised.
    /// </summary>
    public const string ObservationMoments = "observation_moments";

    /// <summary>float64 [1]: number of raw observations behind <see cref="ObservationMoments"/>.</summary>
    public const string ObservationCount = "observation_count";
}
