namespace Rapid.Protocol.Specs;

/// <summary>Everything that defines an experiment, complete and valid. Built only by what reads a spec.</summary>
public sealed record ExperimentOptions
{
    /// <summary>Name of the run; default "&lt;environment&gt;-&lt;algorithm&gt;", lower case.</summary>
    public required string Name { get; init; }

    /// <summary>Seed of everything random in the run.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Environment steps to learn from (agent steps; on Atari one is four frames). Offline: updates, divided by
    /// algorithm.updates_per_step.</summary>
    [AtLeast(1)] public long TotalSteps { get; init; } = 1_000_000;

    /// <summary>True: actors wait for the version that follows their rollout; one seed is then bit-for-bit reproducible on CPU.
    /// False: collection and learning overlap.</summary>
    public bool Lockstep { get; init; }

    /// <summary>True: learn from the transitions in replay.data alone, without actors and without a warm-up; off-policy algorithms
    /// only.</summary>
    public bool Offline { get; init; }

    /// <summary>The task.</summary>
    public required EnvironmentOptions Environment { get; init; }

    /// <summary>Who steps it.</summary>
    public ActorOptions Actors { get; init; } = new();

    /// <summary>What learns.</summary>
    public required AlgorithmOptions Algorithm { get; init; }

    /// <summary>The networks.</summary>
    public NetworkOptions Network { get; init; } = new();

    /// <summary>Running normalisation of observations and rewards.</summary>
    public NormalizationOptions Normalization { get; init; } = new();

    /// <summary>The table between actors and learner.</summary>
    public ReplayOptions Replay { get; init; } = new();

    /// <summary>Deterministic evaluation during the run.</summary>
    public EvaluationOptions Evaluation { get; init; } = new();

    /// <summary>Checkpoints.</summary>
    public CheckpointOptions Checkpoint { get; init; } = new();

    /// <summary>Where and with how many threads the learner computes.</summary>
    public LearnerOptions Learner { get; init; } = new();

    /// <summary>Environment steps in one block of each slot.</summary>
    public long RoundSteps => (long)Algorithm.RolloutSteps * Actors.Environments * Actors.Count;
}

/// <summary>The task.</summary>
public sealed record EnvironmentOptions
{
    /// <summary>Registered name; <c>rapid envs</c> lists them.</summary>
    public required string Name { get; init; }

    /// <summary>Steps after which an episode is truncated; the environment's own limit by default.</summary>
    [AtLeast(1)] public int? MaxEpisodeSteps { get; init; }

    /// <summary>Actions lie in [-1, 1] for the policy, whatever the algorithm, and are mapped linearly onto the environment's box, which
    /// must be finite. PPO, A2C and P3O begin around 0 and clip to the box; they need it where the box is far from 0, as [10, 30].</summary>
    public bool RescaleActions { get; init; }

    /// <summary>Options of the environment's constructor, as text.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>Who steps the environment.</summary>
public sealed record ActorOptions
{
    /// <summary>Slots. Each is filled by one actor at a time and collects its own blocks.</summary>
    [Between(1, 100_000)] public int Count { get; init; } = 1;

    /// <summary>Environments per slot (N); a block is [rollout_steps, N].</summary>
    [Between(1, 65_536)] public int Environments { get; init; } = 1;

    /// <summary>Threads that step one slot's environments.</summary>
    [Between(1, 1024)] public int Threads { get; init; } = 1;
}

/// <summary>The networks. Defaults for vector observations: CleanRL's continuous preset (two separate towers 64-64 tanh).</summary>
public sealed record NetworkOptions
{
    /// <summary>Convolutions before the hidden layers, for frames.</summary>
    public Encoder Encoder { get; init; } = Encoder.None;

    /// <summary>Units per hidden layer.</summary>
    [EachBetween(1, 16_384)] public IReadOnlyList<int> HiddenSizes { get; init; } = [64, 64];

    /// <summary>Activation after each hidden layer.</summary>
    public Activation Activation { get; init; } = Activation.Tanh;

    /// <summary>One body with two heads instead of two separate towers; on-policy only.</summary>
    public bool Shared { get; init; }

    /// <summary>How weights start; biases start at 0, except with uniform_fan_in.</summary>
    public Initialization Initialization { get; init; } = Initialization.Orthogonal;

    /// <summary>Gain of hidden layers (square root of 2).</summary>
    [Above(0)] public double HiddenGain { get; init; } = Math.Sqrt(2);

    /// <summary>Gain of the policy head (0.01 CleanRL; 1 for Gaussian heads in ikostrikov's code).</summary>
    [Above(0)] public double PolicyGain { get; init; } = 0.01;

    /// <summary>Gain of the value head.</summary>
    [Above(0)] public double ValueGain { get; init; } = 1;

    /// <summary>Start of the state-independent log standard deviation of a Gaussian policy.</summary>
    [Between(-10, 4)] public double InitialLogStd { get; init; }
}

/// <summary>Convolutions, each followed by max(0, x); channels @ kernel / stride.</summary>
public enum Encoder
{
    /// <summary>None: observations are vectors.</summary>
    None,
    /// <summary>32@8/4, 64@4/2, 64@3/1 (Mnih et al. 2015; OpenAI baselines).</summary>
    Nature,
    /// <summary>32@8/4, 64@4/2, 32@3/1 (pytorch-a2c-ppo-acktr-gail, P3O).</summary>
    Ikostrikov,
    /// <summary>16@8/4, 32@4/2 (OpenAI baselines ppo1).</summary>
    Ppo1,
}

/// <summary>Activation functions.</summary>
public enum Activation
{
    /// <summary>Hyperbolic tangent.</summary>
    Tanh,
    /// <summary>max(0, x).</summary>
    Relu,
}

/// <summary>Weight initialisations.</summary>
public enum Initialization
{
    /// <summary>Orthogonal matrix times the gain (Saxe et al. 2013).</summary>
    Orthogonal,
    /// <summary>Glorot and Bengio 2010, uniform, times the gain.</summary>
    XavierUniform,
    /// <summary>Normal rows rescaled to the gain as L2 norm (OpenAI baselines ppo1).</summary>
    NormalizedColumns,
    /// <summary>Uniform within the gain over the square root of the inputs; biases too, without the gain (libtorch's default).</summary>
    UniformFanIn,
}

/// <summary>Normalisation. On-policy: running, by the parallel update, count starts at 1e-4, epsilon 1e-8. SAC: observations only, once, by
/// those of the warm-up.</summary>
public sealed record NormalizationOptions
{
    /// <summary>
    /// Normalise observations by mean and variance. PPO's default: on for continuous actions. SAC: measured once, over the warm-up.
    /// </summary>
    public bool Observations { get; init; }

    /// <summary>Clip of normalised observations.</summary>
    [Above(0)] public double ObservationClip { get; init; } = 10;

    /// <summary>
    /// Divide rewards by the running standard deviation of the discounted return; on-policy only. PPO's default as <see
    /// cref="Observations"/>.
    /// </summary>
    public bool Rewards { get; init; }

    /// <summary>Clip of normalised rewards.</summary>
    [Above(0)] public double RewardClip { get; init; } = 10;
}

/// <summary>The table between actors and learner.</summary>
public sealed record ReplayOptions
{
    /// <summary>Where blocks live, and so what "acknowledged" means.</summary>
    public ReplayStore Store { get; init; } = ReplayStore.Memory;

    /// <summary>Steps the table holds. On-policy: before appends wait; 0 means one learner batch (rollout_steps * environments * actors).
    /// Off-policy: before the oldest go.</summary>
    [AtLeast(0)] public long CapacitySteps { get; init; }

    /// <summary>On-policy: blocks whose policy is older than this many versions are dropped and counted.</summary>
    [Between(0, 1_000_000)] public int MaxPolicyLag { get; init; } = 8;

    /// <summary>Off-policy: how transitions are drawn.</summary>
    public ReplaySampler Sampler { get; init; } = ReplaySampler.Uniform;

    /// <summary>Prioritised: exponent of priorities (alpha; Schaul et al. 2016 use 0.6).</summary>
    [Between(0, 10)] public double PriorityExponent { get; init; } = 0.6;

    /// <summary>Prioritised: exponent of importance weights (beta; Schaul et al. 2016 begin at 0.4).</summary>
    [Between(0, 1)] public double ImportanceExponent { get; init; } = 0.4;

    /// <summary>
    /// Off-policy: sampled batches that may be on their way while the learner computes. In lockstep none are drawn early.
    /// </summary>
    [Between(1, 1024)] public int PrefetchBatches { get; init; } = 8;

    /// <summary>Offline: the directory of blocks to learn from (docs/replay-files.md), on the learner's machine; looked for beside the spec,
    /// then in the working folder, and what is found there goes by its whole path.</summary>
    public string Data { get; init; } = "";

    /// <summary>Off-policy: when the run is over, write what its table holds to "data" in the run's folder, for replay.data of an offline
    /// run.</summary>
    public bool KeepData { get; init; }
}

/// <summary>How an off-policy table is sampled.</summary>
public enum ReplaySampler
{
    /// <summary>Every step is as likely.</summary>
    Uniform,
    /// <summary>In proportion to a power of the newest temporal-difference error (Schaul et al. 2016).</summary>
    Prioritised,
}

/// <summary>Stores of the replay service.</summary>
public enum ReplayStore
{
    /// <summary>Lost with the replay process.</summary>
    Memory,
    /// <summary>Acknowledged after Redis confirmed.</summary>
    Redis,
    /// <summary>Acknowledged after Redis has it on disk: needs a Redis with <c>appendonly yes</c> and <c>appendfsync always</c>.</summary>
    Fsync,
}

/// <summary>Evaluation on raw rewards with frozen normalisers.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Environment steps between evaluations; 0 means only at the end.</summary>
    [AtLeast(0)] public long IntervalSteps { get; init; } = 50_000;

    /// <summary>Episodes per evaluation.</summary>
    [Between(1, 100_000)] public int Episodes { get; init; } = 10;

    /// <summary>Episodes of the last evaluation.</summary>
    [Between(1, 100_000)] public int FinalEpisodes { get; init; } = 100;

    /// <summary>True: the mode of the action distribution; false: a sample.</summary>
    public bool Deterministic { get; init; } = true;
}

/// <summary>Checkpoints.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Environment steps between checkpoints.</summary>
    [AtLeast(1)] public long IntervalSteps { get; init; } = 50_000;

    /// <summary>Newest checkpoints that are kept.</summary>
    [Between(1, 1000)] public int Keep { get; init; } = 3;
}

/// <summary>Where the learner computes.</summary>
public sealed record LearnerOptions
{
    /// <summary>"auto" (CUDA when there is one), "cpu" or "cuda".</summary>
    public ComputeDevice Device { get; init; } = ComputeDevice.Auto;

    /// <summary>Intra-op threads of libtorch. 1 is fastest for small networks on a shared machine.</summary>
    [Between(1, 1024)] public int Threads { get; init; } = 1;
}

/// <summary>Devices of the learner.</summary>
public enum ComputeDevice
{
    /// <summary>CUDA when there is one, else CPU.</summary>
    Auto,
    /// <summary>CPU.</summary>
    Cpu,
    /// <summary>CUDA; an error when there is none.</summary>
    Cuda,
}
