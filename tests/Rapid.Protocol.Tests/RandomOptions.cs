using System.Globalization;
using Rapid.Agents.OffPolicy;
using Rapid.Agents.P3o;
using Rapid.Agents.Ppo;
using Rapid.Environments;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;
using Rapid.Specs;

namespace Rapid.Protocol.Tests;

/// <summary>Random but valid specs: every option gets a value that its limits allow, ends of ranges included.</summary>
internal static class RandomOptions
{
    private static readonly string[] OddNames =
    [
        "-", "---", "...", "~", "null", "true", "1e5", "0x1F", "NaN", ".inf", "yes", "a: b", "a #b", "'", "\"", "\\", "{x}",
        "[x]", "*x", "&x", "!x", "%x", "@x", "`x`",
        " leading", "trailing ", "Ünïcödé", "漢字", "😀", "a/b", "../x", "=", "<<", "?", "|", ">", "a,b", "\u00a0x", "a\u2028b",
    ];

    public static ExperimentOptions Make(Random random)
    {
        var info = random.Next(4) == 0
            ? EnvironmentRegistry.Find("ALE/Duel-v5")!
            : EnvironmentRegistry.All[random.Next(EnvironmentRegistry.All.Count)];
        var algorithms = OptionsTree.AlgorithmsFor(info);
        var algorithm = algorithms[random.Next(algorithms.Count)];
        var presets = Presets.Of(algorithm);
        var options = Presets.Default(info, algorithm, presets[random.Next(presets.Count)]);
        Fill(options, random, path: "");
        options = options with
        {
            Name = random.Next(2) == 0 ? OddNames[random.Next(OddNames.Length)] : $"run-{random.Next()}",
            Seed = random.Next(4) == 0 ? ulong.MaxValue : (ulong)random.NextInt64(),
            Actors = options.Actors with { Count = random.Next(1, 5), Environments = random.Next(1, 9) },
            Algorithm = options.Algorithm with { RolloutSteps = random.Next(1, 300) },
            Environment = options.Environment with { Options = OptionsOf(info, random) },
        };
        return MakeConsistent(info.IsAtari ? ForFrames(options, random) : ForVectors(options), random);
    }

    private static ExperimentOptions ForVectors(ExperimentOptions options) =>
        options with { Network = options.Network with { Encoder = Encoder.None } };

    private static ExperimentOptions ForFrames(ExperimentOptions options, Random random) => options with
    {
        Network = options.Network with { Encoder = (Encoder)random.Next(1, 4), Shared = true },
        Normalization = options.Normalization with { Observations = false },
    };

    /// <summary>What the rules between fields ask for.</summary>
    private static ExperimentOptions MakeConsistent(ExperimentOptions options, Random random)
    {
        var batch = (long)options.Algorithm.RolloutSteps * options.Actors.Count * options.Actors.Environments;
        if (options.Algorithm is OffPolicyOptions algorithm)
        {
            var least = Math.Max(algorithm.WarmUpSteps, batch);
            return options with
            {
                TotalSteps = random.Next(4) == 0 ? long.MaxValue : least + 1 + random.NextInt64(1L << 40),
                Algorithm = algorithm with
                {
                    NSteps = random.Next(1, Math.Min(100, algorithm.RolloutSteps) + 1),
                    TimeLimit = algorithm.TimeLimit == TimeLimitRule.ZeroAdvantage ? TimeLimitRule.Terminal : algorithm.TimeLimit,
                },
                Network = options.Network with { Shared = false },
                Normalization = options.Normalization with { Rewards = false },
                Replay = options.Replay with
                {
                    CapacitySteps = least + random.Next(1000),
                    Data = options.Offline ? OddNames[random.Next(OddNames.Length)] : "",
                    KeepData = !options.Offline && options.Replay.KeepData,
                },
            };
        }

        int[] divisors = [.. Enumerable.Range(1, (int)Math.Min(batch, 100_000)).Where(n => batch % n == 0)];
        return options with
        {
            Offline = false,
            TotalSteps = random.Next(4) == 0 ? long.MaxValue : batch + random.NextInt64(1L << 40),
            Algorithm = options.Algorithm switch
            {
                PpoOptions ppo => ppo with { Minibatches = divisors[random.Next(divisors.Length)] },
                P3oOptions p3o => p3o with
                {
                    ReplaySteps = Math.Max(p3o.WarmUpSteps, batch) + random.Next(1000),
                    SampleMultiplier = random.Next(1, 100),
                },
                var other => other,
            },
            Replay = options.Replay with { CapacitySteps = random.Next(2) == 0 ? 0 : batch + random.Next(1000), KeepData = false },
        };
    }

    private static Dictionary<string, string> OptionsOf(EnvironmentInfo info, Random random) => info.Options
        .Where(option => !option.Value.StartsWith("a path", StringComparison.Ordinal) && random.Next(2) == 0)
        .ToDictionary(option => option.Key, option => option.Value.Split(' ') switch
        {
            ["true", ..] => random.Next(2) == 0 ? "true" : "false",
            ["two", "numbers,", ..] => $"-inf {random.Next(1, 16)}",
            ["a", "body:", ..] => "0",
            ["grayscale,", ..] => random.Next(2) == 0 ? "grayscale" : "rgb",
            ["book", ..] => random.Next(2) == 0 ? "book" : "nips",
            ["zeros", ..] => random.Next(2) == 0 ? "zeros" : "first_frame",
            ["a", "whole", ..] => option.Key switch { "mode" or "difficulty" => "1", "screen_size" => "36", _ => $"{random.Next(1, 16)}" },
            _ => random.NextDouble().ToString("R", CultureInfo.InvariantCulture),
        });

    private static void Fill(object record, Random random, string path)
    {
        foreach (var property in OptionsTree.PropertiesOf(record.GetType()))
        {
            var value = property.GetValue(record);
            if (value is not null && OptionsTree.IsGroup(value.GetType()))
            {
                Fill(value, random, $"{path}{property.Name}.");
            }
            else if (property.CanWrite && property.PropertyType != typeof(string)
                && property.PropertyType != typeof(IReadOnlyDictionary<string, string>))
            {
                property.SetValue(record, ValueOf(new OptionsTree.Leaf(path, property), random));
            }
        }
    }

    private static object? ValueOf(OptionsTree.Leaf leaf, Random random)
    {
        var isOptional = Nullable.GetUnderlyingType(leaf.Property.PropertyType) is not null;
        if (isOptional && random.Next(2) == 0)
        {
            return null;
        }

        if (leaf.Type.IsEnum)
        {
            var choices = Enum.GetValuesAsUnderlyingType(leaf.Type);
            return Enum.ToObject(leaf.Type, choices.GetValue(random.Next(choices.Length))!);
        }

        return leaf.Type switch
        {
            var t when t == typeof(bool) => random.Next(2) == 0,
            var t when t == typeof(double) => Real(leaf.Limit!, random),
            var t when t == typeof(int) => (int)Whole(leaf.Limit!, random, int.MaxValue),
            var t when t == typeof(long) => Whole(leaf.Limit!, random, long.MaxValue),
            var t when t == typeof(ulong) => (ulong)random.NextInt64(),
            var t when t == typeof(IReadOnlyList<int>) =>
                Enumerable.Range(0, random.Next(1, 5)).Select(_ => (int)Whole(leaf.Limit!, random, int.MaxValue)).ToArray(),
            _ => throw new NotSupportedException($"{leaf.Property.Name}: say here how to make a random {leaf.Type}"),
        };
    }

    private static double Real(LimitAttribute limit, Random random)
    {
        var (low, high) = EndsOf(limit, double.MaxValue);
        double[] candidates =
        [
            low, high, Math.BitIncrement(low), double.Epsilon, Math.PI, 1e-5, 1e22,
            low + (random.NextDouble() * (Math.Min(high, 1e6) - low)), Math.Pow(10, (random.NextDouble() * 40) - 20),
        ];
        double[] allowed = [.. candidates.Where(limit.Allows)];
        return allowed[random.Next(allowed.Length)];
    }

    private static long Whole(LimitAttribute limit, Random random, long largest)
    {
        var (low, high) = EndsOf(limit, largest);
        var (first, last) = ((long)low, high >= largest ? largest : (long)high);
        return random.Next(4) switch
        {
            0 => first,
            1 => last,
            _ => random.NextInt64(first, last),
        };
    }

    private static (double Low, double High) EndsOf(LimitAttribute limit, double largest) => limit switch
    {
        AtLeastAttribute atLeast => (atLeast.Minimum, largest),
        AboveAttribute above => (above.Bound, largest),
        BetweenAttribute between => (between.Minimum, between.Maximum),
        EachBetweenAttribute each => (each.Minimum, each.Maximum),
        _ => throw new NotSupportedException($"say here what {limit.GetType().Name} allows"),
    };
}
