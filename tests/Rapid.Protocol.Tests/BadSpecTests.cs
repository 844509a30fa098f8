using Rapid.Specs;

namespace Rapid.Protocol.Tests;

public class BadSpecTests
{
    private const string Base = "environment: { name: CartPole-v1 }\n";

    /// <summary>One mistake each: the only path that is blamed, and what its message must say.</summary>
    public static TheoryData<string, string, string[]> Mistakes() => new()
    {
        { "environment: { name: CartPole-v2 }", "environment.name", ["'CartPole-v2'", "did you mean 'CartPole-v1'?", "rapid envs"] },
        { "environment: { name: halfcheetah }", "environment.name", ["'halfcheetah'", "did you mean 'HalfCheetah-v4'?"] },
        { "environment: { name: Chess }", "environment.name", ["'Chess' is not an environment; 'rapid envs' lists all"] },
        { "environment: { name: [CartPole-v1] }", "environment.name", ["a list is not text"] },
        { "environment: { name: }", "environment.name", ["nothing is not text"] },
        { "environment: CartPole-v1", "environment", ["a group of fields", "'CartPole-v1'"] },
        { "environment: [CartPole-v1]", "environment", ["a group of fields", "a list"] },
        { "environment: { max_episode_steps: 5 }", "environment.name", ["is missing", "rapid envs"] },
        { "seed: 1", "environment.name", ["is missing", "rapid envs"] },
        { "", "environment.name", ["is missing", "rapid envs"] },
        { "# only a comment", "environment.name", ["is missing"] },
        {
            "environment: { name: CartPole-v1, options: { sutton_barto_rewrd: true } }",
            "environment.options.sutton_barto_rewrd", ["did you mean 'sutton_barto_reward'?"]
        },
        {
            "environment: { name: CartPole-v1, options: { sutton_barto_reward: 3 } }",
            "environment.options.sutton_barto_reward", ["'3'", "true or false"]
        },
        { "environment: { name: Pendulum-v1, options: { g: .nan } }", "environment.options.g", ["'.nan'", "gravity"] },
        { "environment: { name: Acrobot-v1, options: { g: 1 } }", "environment.options.g", ["unknown option", "known: book_or_nips"] },
        {
            "environment: { name: Acrobot-v1, options: { book_or_nips: paper } }", "environment.options.book_or_nips",
            ["'paper'", "book or nips"]
        },
        { "environment: { name: Pendulum-v1, options: { g: [1] } }", "environment.options.g", ["a list is not a single value"] },
        { "environment: { name: Pendulum-v1, options: 7 }", "environment.options", ["a group of options", "'7'"] },
        { Base + "offline: true", "offline", ["ppo", "allowed with sac"] },
        { Base + "algorithm: { name: sac }\noffline: true", "replay.data", ["is missing", "rapid replay export"] },
        { Base + "algorithm: { name: sac }\nreplay: { data: d }", "replay.data", ["'d'", "offline: true"] },
        {
            Base + "algorithm: { name: sac }\noffline: true\nreplay: { data: \"a\\0\" }", "replay.data",
            ["the control character U+0000", "printable text"]
        },
        { "environment: { name: \"x\\e[2J.yaml\" }", "environment.name", ["the control character U+001B"] },
        { "environment: { name: Pendulum-v1, options: { \"g\\0\": 1 } }", "environment.options", ["the control character U+0000"] },
        { Base + "replay: { keep_data: true }", "replay.keep_data", ["ppo", "allowed with sac"] },
        {
            Base + "algorithm: { name: sac }\noffline: true\nreplay: { data: d, keep_data: true }",
            "replay.keep_data", ["has its data already"]
        },
        { Base + "algorithm: { name: pop }", "algorithm.name", ["'pop'", "ppo", "did you mean 'ppo'?"] },
        { Base + "algorithm: { name: [ppo] }", "algorithm.name", ["a list is not text"] },
        { Base + "algorithm: { name: }", "algorithm.name", ["nothing is not text"] },
        { Base + "algorithm: ppo", "algorithm", ["a group of fields", "'ppo'"] },
        { Base + "algorithm: { preset: ppo3 }", "algorithm.preset", ["'ppo3'", "rapid, cleanrl, ikostrikov, ppo1, ppo2", "did you mean"] },
        { Base + "algoritm: { gamma: 0.9 }", "algoritm", ["did you mean 'algorithm'?", "known: "] },
        { Base + "zzzzzzzz: 1", "zzzzzzzz", ["unknown field; known: name, seed"] },
        { Base + "algorithm: { learning_rat: 1 }", "algorithm.learning_rat", ["did you mean 'learning_rate'?"] },
        { Base + "learning_rate: 0.1", "learning_rate", ["unknown field", "known: "] },
        { Base + "algorithm: { clip_range: 1.5 }", "algorithm.clip_range", ["1.5", "(0, 1]"] },
        { Base + "algorithm: { clip_range: 0 }", "algorithm.clip_range", ["0", "(0, 1]"] },
        { Base + "algorithm: { gamma: .nan }", "algorithm.gamma", ["'.nan'", "finite number"] },
        { Base + "algorithm: { gamma: NaN }", "algorithm.gamma", ["'NaN'", "finite number"] },
        { Base + "algorithm: { learning_rate: 1e999 }", "algorithm.learning_rate", ["'1e999'", "finite number"] },
        { Base + "algorithm: { learning_rate: 1,5 }", "algorithm.5", ["unknown field; known:"] },
        { Base + "algorithm: { learning_rate: '1,5' }", "algorithm.learning_rate", ["'1,5'", "finite number"] },
        { Base + "algorithm: { epochs: 2.5 }", "algorithm.epochs", ["'2.5'", "whole number"] },
        { "environment:\n  name: Pendulum-v1\n  options:\n    g: 9,81", "environment.options.g", ["'9,81'", "9.81"] },
        { "environment: { name: Pendulum-v1, options: { g: [9, 81] } }", "environment.options.g", ["'9 81'", "gravity"] },
        { "environment: { name: Ant-v4, options: { healthy_z_range: ['0,2', 1] } }", "environment.options.healthy_z_range", ["a list"] },
        { "environment: { name: Ant-v4, options: { healthy_z_range: [0,2, 1] } }", "environment.options.healthy_z_range", ["a list"] },
        { Base + "algorithm:\n  gamma: 0,99", "algorithm.gamma", ["'0,99'", "0.99"] },
        { Base + "algorithm: { gae: yes }", "algorithm.gae", ["'yes'", "true or false"] },
        {
            Base + "algorithm: { learning_rate_schedule: liner }",
            "algorithm.learning_rate_schedule", ["constant, linear", "did you mean 'linear'?"]
        },
        { Base + "seed: -1", "seed", ["-1", "[0, 18446744073709551615]"] },
        { Base + "seed: 18446744073709551616", "seed", ["18446744073709551616", "[0, 18446744073709551615]"] },
        { Base + "seed: 1e-40", "seed", ["'1e-40'", "whole number"] },
        { Base + "total_steps: 1e30", "total_steps", ["1e30", "out of range"] },
        { Base + "name: ''", "name", ["''", "1 to 200 characters"] },
        { Base + "name: \"two\\nlines\"", "name", ["one line"] },
        { Base + "network: { hidden_sizes: [] }", "network.hidden_sizes", ["empty list", "at least one"] },
        { Base + "network: { hidden_sizes: 64 }", "network.hidden_sizes", ["'64'", "a list of whole numbers"] },
        { Base + "network: { hidden_sizes: [64, 0] }", "network.hidden_sizes[1]", ["0", "[1, 16384]"] },
        { Base + "network: { hidden_sizes: [64, x] }", "network.hidden_sizes[1]", ["'x'", "whole number"] },
        { Base + "network: { hidden_sizes: [[64]] }", "network.hidden_sizes[0]", ["a list is not a whole number"] },
        {
            Base + "algorithm: { minibatches: 7 }",
            "algorithm.minibatches", ["7 does not divide", "512 steps", "rollout_steps 128", "actors.environments 4", "actors.count 1"]
        },
        {
            Base + "total_steps: 1e16\nactors: { environments: 65536, count: 100000 }\nalgorithm: { rollout_steps: 1000000 }",
            "algorithm.rollout_steps", ["a batch of 6553600000000000 steps", "too large"]
        },
        { Base + "total_steps: 511", "total_steps", ["511 is less than one batch of 512"] },
        { Base + "replay: { capacity_steps: 511 }", "replay.capacity_steps", ["511 is less than one batch of 512", "0 means exactly one"] },
        { Base + "seed: 1\nseed: 2", "seed", ["twice", "line 3"] },
        { Base + "algorithm:\n  gamma: 0.9\n  gae: true\n  gamma: 0.8", "algorithm.gamma", ["twice", "line 5"] },
        { "- 1\n- 2", "", ["fields and values", "a list"] },
        { "just text", "", ["fields and values", "'just text'"] },
        { Base + "---\nseed: 2", "", ["line 2", "second document"] },
        { Base + "name: &a x\nnetwork: { activation: *a }", "", ["line 3", "aliases"] },
        { Base + "<<: *nothing", "", ["aliases"] },
        { Base + "? [a, b]\n: 1", "", ["line 2", "name of a field"] },
        { Base + "algorithm: { gamma: 0.9", "", ["not valid YAML near line"] },
        { Base + "algorithm:\n\tgamma: 0.9", "", ["not valid YAML near line 2"] },
        { Base + "name: \"\\u00zz\"", "", ["not valid YAML", "line 2"] },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public void One_mistake_is_one_problem_with_path_value_and_what_is_allowed(string yaml, string path, string[] parts)
    {
        var problem = Assert.Single(ProblemsOf(yaml));

        Assert.Equal(path, problem.Path);
        Assert.All(parts, part => Assert.Contains(part, problem.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void All_mistakes_are_reported_at_once()
    {
        const string Yaml = """
            environment: { name: Hoper-v4, max_episode_steps: 0 }
            seed: many
            seeed: 1
            total_steps: 0
            lockstep: maybe
            actors: { count: 0, environments: 70000, thread: 1 }
            algorithm:
              name: pppo
              preset: cleanrll
              learning_rate: -1
              gamma: 1.1
              gamma: 0.9
              clip_range_schedule: cosine
              rollout_steps: 1.5
              lambda: 0.95
            network: { hidden_sizes: [0, 8, -1], activation: gelu }
            normalization: [ ]
            replay: redis
            evaluation: { episodes: , deterministic: 1 }
            checkpoint: { keep: .inf }
            learner: { device: gpu, threads: "2 " }
            """;

        var problems = ProblemsOf(Yaml, "learner.threads=0", "checkpoint.interval_steps", "=3", "algorithm.vf=[1", "actors.count.x=1");

        Assert.Equal(
            [
                "=3", "actors.count", "actors.environments", "actors.thread", "algorithm.clip_range_schedule", "algorithm.gamma",
                "algorithm.gamma", "algorithm.lambda", "algorithm.learning_rate", "algorithm.name", "algorithm.preset",
                "algorithm.rollout_steps", "algorithm.vf", "checkpoint.interval_steps", "checkpoint.keep",
                "environment.max_episode_steps", "environment.name", "evaluation.deterministic", "evaluation.episodes",
                "learner.device", "learner.threads", "lockstep", "network.activation", "network.hidden_sizes[0]",
                "network.hidden_sizes[2]", "normalization", "replay", "seed", "seeed", "total_steps",
            ],
            problems.Select(problem => problem.Path).Order(StringComparer.Ordinal));
        Assert.Contains("did you mean 'Hopper-v4'?", MessageAt("environment.name"), StringComparison.Ordinal);
        Assert.Contains("did you mean 'cleanrl'?", MessageAt("algorithm.preset"), StringComparison.Ordinal);

        string MessageAt(string path) => problems.Single(problem => problem.Path == path).Message;
    }

    [Fact]
    public void The_message_of_the_exception_has_one_line_a_problem_and_an_end()
    {
        var fields = string.Concat(Enumerable.Range(0, 5000).Select(i => $"unknown_{i}: 1\n"));

        var error = Assert.Throws<SpecException>(() => SpecReader.ReadYaml(Base + "seed: x\ntotal_steps: 0"));
        var many = Assert.Throws<SpecException>(() => SpecReader.ReadYaml(Base + fields));

        Assert.Equal(["seed: 'x' is not a whole number", "total_steps: 0 is out of range, allowed: >= 1"], error.Message.Split('\n'));
        Assert.Equal(5000, many.Problems.Count);
        Assert.EndsWith("and 4950 more problems", many.Message, StringComparison.Ordinal);
        Assert.InRange(many.Message.Length, 1, 30_000);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("seed")]
    [InlineData("algorithm.gamma")]
    [InlineData("environment.name")]
    [InlineData("environment.options.x")]
    [InlineData("network.activation")]
    [InlineData("nonsense")]
    public void A_value_or_a_name_of_a_megabyte_gives_a_short_message(string path)
    {
        var huge = new string('x', 1 << 20);

        var error = Assert.Throws<SpecException>(() => SpecReader.ReadYaml(Base, [$"{path}={huge}", $"{path}{huge}=1", huge]));

        Assert.InRange(error.Message.Length, 1, 3000);
    }

    [Theory]
    [InlineData("[", "line 2: nested more than 16 levels deep")]
    [InlineData("{a: ", "line 2: nested more than 16 levels deep")]
    [InlineData("- ", "line 3: nested more than 16 levels deep")]
    [InlineData("? ", "line 3: a key must be the name of a field")]
    public void Nesting_without_end_is_refused_and_not_followed(string opening, string message)
    {
        var lead = opening is "- " or "? " ? "network:\n" : "network: ";

        var problem = Assert.Single(ProblemsOf(Base + lead + string.Concat(Enumerable.Repeat(opening, 200_000))));

        Assert.Equal(new SpecProblem("", message), problem);
    }

    [Fact]
    public void Aliases_that_would_expand_to_billions_of_values_are_refused_at_once()
    {
        var lines = Enumerable.Range(1, 12).Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
        var yaml = $"a0: &a0 [x, x, x, x, x, x, x, x, x]\n{string.Concat(lines)}";

        Assert.Contains("aliases", Assert.Single(ProblemsOf(yaml)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("algorithm.gamma=0", "algorithm.gamma", "0")]
    [InlineData("algorithm.gamma=1", "algorithm.gamma", "1")]
    [InlineData("algorithm.clip_range=1", "algorithm.clip_range", "1")]
    [InlineData("algorithm.learning_rate=1e-4", "algorithm.learning_rate", "0.0001")]
    [InlineData("algorithm.learning_rate = 1e-4", "algorithm.learning_rate", "0.0001")]
    [InlineData("total_steps=1e6", "total_steps", "1000000")]
    [InlineData("total_steps=2_000_000", "total_steps", "2000000")]
    [InlineData("total_steps=4.0e3", "total_steps", "4000")]
    [InlineData("normalization.observations=True", "normalization.observations", "True")]
    [InlineData("network.hidden_sizes=[256, 128]", "network.hidden_sizes", "256,128")]
    [InlineData("network.activation=relu", "network.activation", "Relu")]
    [InlineData("normalization.observations=true", "normalization.observations", "True")]
    [InlineData("environment.max_episode_steps=~", "environment.max_episode_steps", "(none)")]
    [InlineData("environment.options.sutton_barto_reward=true", "environment.options", "[sutton_barto_reward, true]")]
    [InlineData("name=a=b", "name", "a=b")]
    [InlineData("algorithm.time_limit=zero_advantage", "algorithm.time_limit", "ZeroAdvantage")]
    public void An_override_wins_over_the_document(string item, string path, string expected)
    {
        var options = SpecReader.ReadYaml(Base + "name: document\ntotal_steps: 1000", [item]);

        Assert.Equal(expected, OptionsTree.Flatten(options)[path]);
    }

    [Fact]
    public void The_last_of_two_overrides_wins_and_a_fault_in_the_document_can_be_overridden()
    {
        Assert.Equal(4ul, SpecReader.ReadYaml(Base + "seed: x", ["seed=3", "seed=4"]).Seed);
        Assert.Equal("Pendulum-v1", SpecReader.ReadYaml("", ["environment.name=Pendulum-v1"]).Environment.Name);
    }

    [Theory]
    [InlineData("seed", "seed", "path=value")]
    [InlineData("=1", "=1", "path=value")]
    [InlineData("seed=[1", "seed", "not a value")]
    [InlineData("seed=1\nname: x", "seed", "not a value")]
    [InlineData("seed=1\n---\n2", "seed", "not a value")]
    [InlineData("seed=*x", "seed", "not a value")]
    [InlineData("seed.x=1", "seed", "a group of fields is not a whole number")]
    [InlineData("algorithm..gamma=1", "algorithm.", "unknown field")]
    [InlineData("algorithm=ppo", "algorithm", "group of fields")]
    [InlineData("network.hidden_sizes=64", "network.hidden_sizes", "list of whole numbers")]
    public void A_bad_override_is_named(string item, string path, string part)
    {
        var problem = Assert.Single(ProblemsOf(Base, item));

        Assert.Equal(path, problem.Path);
        Assert.Contains(part, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_spec_is_half_cheetah_with_a_million_steps()
    {
        var options = SpecReader.ReadYaml(SpecReader.DefaultYaml);

        Assert.Equal(("HalfCheetah-v4", "ppo", 1_000_000L), (options.Environment.Name, options.Algorithm.Name, options.TotalSteps));
    }

    internal static IReadOnlyList<SpecProblem> ProblemsOf(string yaml, params string[] overrides) =>
        Assert.Throws<SpecException>(() => SpecReader.ReadYaml(yaml, overrides)).Problems;
}
