using Rapid.Agents;
using Rapid.Environments.Registry;
using Rapid.Specs;

namespace Rapid.Protocol.Tests;

/// <summary>A preset that is called after a project has the project's constants and rules, and the default keeps what was tuned.</summary>
public sealed class PresetTests
{
    /// <summary>Environment, algorithm, preset, and what sets it apart; from the projects' sources and the papers' tables.</summary>
    public static TheoryData<string, string, string, string> Constants() => new()
    {
        {
            "HalfCheetah-v4", "ppo", "rapid",
            "lockstep=False network.initial_log_std=-1 algorithm.time_limit=Bootstrap algorithm.recompute_baseline=True"
        },
        { "Swimmer-v4", "ppo", "rapid", "algorithm.gamma=0.999" },
        { "Pendulum-v1", "ppo", "rapid", "algorithm.rollout_steps=1024 algorithm.gamma=0.9 actors.environments=4" },
        {
            "HalfCheetah-v4", "ppo", "cleanrl",
            "lockstep=True actors.environments=1 algorithm.rollout_steps=2048 algorithm.epochs=10 algorithm.minibatches=32 algorithm.gamma=0.99 "
                + "algorithm.learning_rate=0.0003 algorithm.learning_rate_schedule=Linear algorithm.clip_range=0.2 algorithm.clip_value_loss=True "
                + "algorithm.value_coefficient=0.5 algorithm.entropy_coefficient=0 algorithm.max_gradient_norm=0.5 algorithm.adam_epsilon=1E-05 "
                + "algorithm.advantage_normalization=Minibatch algorithm.advantage_deviation=Sample algorithm.advantage_epsilon=1E-08 "
                + "algorithm.time_limit=Terminal algorithm.recompute_baseline=False network.initial_log_std=0 network.policy_gain=0.01 "
                + "normalization.observations=True normalization.rewards=True normalization.observation_clip=10"
        },
        { "Swimmer-v4", "ppo", "cleanrl", "algorithm.gamma=0.99" },
        { "Pendulum-v1", "ppo", "cleanrl", "algorithm.rollout_steps=2048 algorithm.gamma=0.99 actors.environments=1" },
        {
            "CartPole-v1", "ppo", "cleanrl",
            "actors.environments=4 algorithm.rollout_steps=128 algorithm.epochs=4 algorithm.minibatches=4 algorithm.learning_rate=0.00025 "
                + "algorithm.clip_range=0.2 algorithm.entropy_coefficient=0.01 normalization.observations=False normalization.rewards=False"
        },
        {
            "ALE/Duel-v5", "ppo", "cleanrl",
            "actors.environments=8 algorithm.rollout_steps=128 algorithm.epochs=4 algorithm.minibatches=4 algorithm.learning_rate=0.00025 "
                + "algorithm.clip_range=0.1 algorithm.clip_range_schedule=Constant algorithm.entropy_coefficient=0.01 network.encoder=Nature"
        },
        {
            "HalfCheetah-v4", "ppo", "ikostrikov",
            "lockstep=True algorithm.advantage_normalization=Batch algorithm.advantage_deviation=Sample algorithm.advantage_epsilon=1E-05 "
                + "algorithm.time_limit=ZeroAdvantage algorithm.minibatches=32 network.policy_gain=1 normalization.rewards=True"
        },
        { "CartPole-v1", "ppo", "ikostrikov", "normalization.observations=True normalization.rewards=True network.policy_gain=0.01" },
        { "ALE/Duel-v5", "ppo", "ikostrikov", "algorithm.epochs=4 algorithm.clip_range_schedule=Constant network.encoder=Ikostrikov" },
        {
            "HalfCheetah-v4", "ppo", "ppo1",
            "algorithm.clip_value_loss=False algorithm.value_coefficient=1 algorithm.max_gradient_norm=0 algorithm.epochs=10 "
                + "algorithm.advantage_normalization=Batch algorithm.advantage_deviation=Population algorithm.time_limit=Terminal "
                + "normalization.observations=True normalization.observation_clip=5 normalization.rewards=False "
                + "network.initialization=NormalizedColumns"
        },
        {
            "ALE/Duel-v5", "ppo", "ppo1",
            "algorithm.epochs=3 algorithm.clip_range=0.1 algorithm.clip_range_schedule=Linear algorithm.learning_rate_schedule=Linear "
                + "network.encoder=Ppo1 network.hidden_sizes=256"
        },
        {
            "HalfCheetah-v4", "ppo", "ppo2",
            "algorithm.minibatches=32 algorithm.clip_value_loss=True algorithm.advantage_normalization=Minibatch "
                + "algorithm.advantage_deviation=Population algorithm.time_limit=Terminal normalization.rewards=True"
        },
        {
            "CartPole-v1", "ppo", "ppo2",
            "actors.environments=1 algorithm.rollout_steps=2048 algorithm.epochs=4 algorithm.minibatches=4 algorithm.learning_rate=0.0003 "
                + "algorithm.learning_rate_schedule=Constant algorithm.clip_range=0.2 algorithm.entropy_coefficient=0 "
                + "algorithm.advantage_deviation=Population algorithm.time_limit=Terminal network.shared=True network.hidden_sizes=64,64 "
                + "normalization.observations=False normalization.rewards=False"
        },
        { "Pendulum-v1", "ppo", "ppo2", "actors.environments=1 algorithm.minibatches=4 network.shared=True normalization.rewards=False" },
        {
            "ALE/Duel-v5", "ppo", "ppo2",
            "actors.environments=8 algorithm.rollout_steps=128 algorithm.epochs=4 algorithm.learning_rate=0.00025 "
                + "algorithm.learning_rate_schedule=Linear algorithm.clip_range=0.1 algorithm.clip_range_schedule=Constant network.encoder=Nature"
        },
        {
            "ALE/Duel-v5", "a2c", "rapid",
            "lockstep=True actors.environments=16 algorithm.rollout_steps=16 algorithm.gae=True algorithm.learning_rate_schedule=Linear "
                + "algorithm.time_limit=Bootstrap network.encoder=Ikostrikov"
        },
        { "HalfCheetah-v4", "a2c", "rapid", "actors.environments=8 algorithm.entropy_coefficient=0 normalization.rewards=True" },
        { "Acrobot-v1", "a2c", "rapid", "actors.environments=16 algorithm.entropy_coefficient=0.01 normalization.rewards=True" },
        {
            "ALE/Duel-v5", "a2c", "p3o",
            "lockstep=True actors.environments=16 algorithm.rollout_steps=16 algorithm.gae=True algorithm.gae_lambda=0.95 "
                + "algorithm.learning_rate=0.0007 algorithm.learning_rate_schedule=Linear algorithm.rmsprop_flavour=Torch "
                + "algorithm.rmsprop_smoothing=0.99 algorithm.optimizer_epsilon=1E-05 algorithm.value_coefficient=0.5 "
                + "algorithm.entropy_coefficient=0.01 algorithm.max_gradient_norm=0.5 algorithm.time_limit=Terminal network.encoder=Ikostrikov "
                + "network.hidden_sizes=512 network.shared=True"
        },
        {
            "HalfCheetah-v4", "a2c", "p3o",
            "actors.environments=16 algorithm.entropy_coefficient=0.01 normalization.observations=True normalization.rewards=True"
        },
        {
            "Acrobot-v1", "a2c", "p3o",
            "normalization.observations=False normalization.rewards=False network.policy_gain=0.01 network.value_gain=1.4142135623730951"
        },
        {
            "ALE/Duel-v5", "a2c", "ikostrikov",
            "actors.environments=16 algorithm.rollout_steps=5 algorithm.gae=False algorithm.learning_rate_schedule=Constant "
                + "algorithm.rmsprop_flavour=Torch algorithm.time_limit=Terminal network.encoder=Ikostrikov normalization.rewards=False"
        },
        {
            "HalfCheetah-v4", "a2c", "ikostrikov",
            "actors.environments=16 algorithm.rollout_steps=5 algorithm.entropy_coefficient=0.01 algorithm.time_limit=Terminal "
                + "network.policy_gain=1 network.value_gain=1.4142135623730951 normalization.observations=True normalization.rewards=True"
        },
        { "CartPole-v1", "a2c", "ikostrikov", "network.policy_gain=0.01 normalization.observations=True normalization.rewards=True" },
        {
            "ALE/Duel-v5", "a2c", "baselines",
            "actors.environments=16 algorithm.rollout_steps=5 algorithm.gae=False algorithm.learning_rate_schedule=Linear "
                + "algorithm.rmsprop_flavour=Tensorflow algorithm.time_limit=Terminal network.encoder=Nature network.shared=True"
        },
        {
            "HalfCheetah-v4", "a2c", "baselines",
            "actors.environments=1 algorithm.entropy_coefficient=0.01 network.shared=True network.hidden_sizes=64,64 network.policy_gain=0.01 "
                + "network.value_gain=1 normalization.observations=True normalization.rewards=True"
        },
        { "CartPole-v1", "a2c", "baselines", "actors.environments=1 network.shared=True normalization.observations=False" },
        {
            "HalfCheetah-v4", "p3o", "rapid",
            "actors.environments=8 algorithm.replay_steps=10000 algorithm.warm_up_steps=4000 algorithm.clip_source=EffectiveSampleSize "
                + "algorithm.kl=PolicyFromBehaviour algorithm.time_limit=Bootstrap algorithm.entropy_coefficient=0"
        },
        {
            "HalfCheetah-v4", "p3o", "fixed",
            "actors.environments=8 algorithm.replay_steps=10000 algorithm.clip_source=Fixed algorithm.kl_source=Fixed "
                + "algorithm.importance_clip=1 algorithm.kl_coefficient=0.1"
        },
        {
            "ALE/Duel-v5", "p3o", "paper",
            "actors.environments=16 algorithm.rollout_steps=16 algorithm.replay_ratio=2 algorithm.replay_draw=Poisson "
                + "algorithm.sample_multiplier=6 algorithm.replay_steps=800000 algorithm.warm_up_steps=240000 "
                + "algorithm.clip_source=EffectiveSampleSize algorithm.kl_source=EffectiveSampleSize algorithm.kl=PolicyFromBehaviour "
                + "algorithm.off_policy_entropy=False algorithm.repo_guards=False algorithm.time_limit=Terminal"
        },
        { "CartPole-v1", "p3o", "paper", "algorithm.replay_steps=800000 algorithm.warm_up_steps=240000" },
        { "ALE/Duel-v5", "p3o", "repo", "algorithm.kl=Repo algorithm.repo_guards=True algorithm.time_limit=Terminal" },
        { "Swimmer-v4", "sac", "rapid", "algorithm.gamma=0.999 algorithm.warm_up_steps=5000" },
        { "Pendulum-v1", "sac", "rapid", "algorithm.gamma=0.99 algorithm.warm_up_steps=1000" },
        {
            "Swimmer-v4", "sac", "cleanrl",
            "algorithm.gamma=0.99 algorithm.warm_up_steps=5000 algorithm.policy_learning_rate=0.0003 algorithm.critic_learning_rate=0.001 "
                + "algorithm.temperature_learning_rate=0.001 algorithm.policy_delay=2 algorithm.target_delay=1 algorithm.tau=0.005 "
                + "algorithm.batch_size=256 algorithm.time_limit=Bootstrap algorithm.std_parameterization=TanhLogStd"
        },
        {
            "CartPole-v1", "sac", "cleanrl",
            "algorithm.batch_size=64 algorithm.warm_up_steps=20000 algorithm.updates_per_step=0.25 algorithm.target_delay=2000 algorithm.tau=1 "
                + "algorithm.adam_epsilon=0.0001 algorithm.policy_delay=1 algorithm.critic_learning_rate=0.0003"
        },
        {
            "HalfCheetah-v4", "sac", "offp",
            "algorithm.critic_learning_rate=0.0003 algorithm.adam_epsilon=1E-07 algorithm.policy_delay=1 algorithm.critic_loss=LogCosh "
                + "algorithm.std_parameterization=Softplus algorithm.time_limit=Terminal algorithm.variance_scaling=1 "
                + "algorithm.initial_log_alpha=-2.3025850929940455 normalization.observations=True normalization.observation_clip=1000"
        },
        { "Humanoid-v4", "sac", "offp", "algorithm.variance_scaling=10 normalization.observation_clip=2" },
        { "Pendulum-v1", "sac", "offp", "algorithm.warm_up_steps=5000" },
        {
            "HalfCheetah-v4", "td3", "cleanrl",
            "algorithm.warm_up_steps=25000 algorithm.batch_size=256 algorithm.policy_learning_rate=0.0003 algorithm.critic_learning_rate=0.0003 "
                + "algorithm.policy_delay=2 algorithm.exploration_noise=0.1 algorithm.target_noise=0.2 algorithm.noise_clip=0.5 "
                + "network.hidden_sizes=256,256"
        },
        {
            "HalfCheetah-v4", "td3", "paper",
            "algorithm.warm_up_steps=10000 algorithm.batch_size=100 algorithm.policy_learning_rate=0.001 algorithm.critic_learning_rate=0.001 "
                + "network.hidden_sizes=400,300"
        },
        { "Hopper-v4", "td3", "paper", "algorithm.warm_up_steps=1000" },
    };

    [Theory, MemberData(nameof(Constants))]
    public void A_preset_has_the_constants_of_its_project(string environment, string algorithm, string preset, string constants)
    {
        var options = OptionsTree.Flatten(Presets.Default(EnvironmentRegistry.Find(environment)!, algorithm, preset));

        Assert.Equal(
            constants.Split(' '),
            constants.Split(' ').Select(constant => constant.Split('=')[0]).Select(path => $"{path}={options[path]}"));
        Assert.Equal(preset, options["algorithm.preset"]);
    }

    [Fact]
    public void Every_algorithm_has_its_presets_and_the_first_is_the_default()
    {
        Assert.All(AgentRegistry.All, agent => Assert.Equal(
            agent.Presets[0], Presets.Default(EnvironmentRegistry.Find("Pendulum-v1")!, agent.Name).Algorithm.Preset));
        Assert.Empty(Presets.Of("none"));
    }
}
