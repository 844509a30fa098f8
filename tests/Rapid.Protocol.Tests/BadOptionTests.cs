using System.Globalization;
using Google.Protobuf;
using Rapid.Environments.Registry;
using Rapid.Protocol.V1;
using Rapid.Specs;
using Struct = Google.Protobuf.WellKnownTypes.Struct;
using Value = Google.Protobuf.WellKnownTypes.Value;

namespace Rapid.Protocol.Tests;

/// <summary>Every single option refuses what it cannot be, in YAML and on the wire.</summary>
public class BadOptionTests
{
    // Where every algorithm can learn.
    private const string Base = "environment: { name: Pendulum-v1 }\n";

    public static TheoryData<string> Paths() => [.. OptionsTree.Leaves.Select(leaf => leaf.Path)];

    [Theory, MemberData(nameof(Paths))]
    public void Every_option_refuses_what_it_cannot_hold_under_its_own_path(string path)
    {
        var leaf = OptionsTree.Leaves.Single(leaf => leaf.Path == path);
        string[] wrong = leaf.Type switch
        {
            var t when t == typeof(string) => ["[a]", "{ a: b }", "~"],
            var t when t == typeof(IReadOnlyDictionary<string, string>) => ["[a]", "text"],
            var t when t == typeof(IReadOnlyList<int>) => ["5", "{ a: b }", "~"],
            _ when Nullable.GetUnderlyingType(leaf.Property.PropertyType) is not null => ["banana", "[1]", "{ a: b }"],
            _ => ["banana", "[1]", "{ a: b }", "~", "''"],
        };

        Assert.All(wrong, value =>
        {
            var problem = Assert.Single(BadSpecTests.ProblemsOf(Base, $"algorithm.name={OptionsTree.AlgorithmOf(path)}", $"{path}={value}"));
            Assert.Equal(path, problem.Path);
        });
    }

    [Theory, MemberData(nameof(Paths))]
    public void The_nearest_name_is_suggested_for_every_option(string path)
    {
        var (typo, name) = (path + "x", path.Split('.')[^1]);

        var problem = BadSpecTests.ProblemsOf(Base, $"algorithm.name={OptionsTree.AlgorithmOf(path)}", $"{typo}=1")
            .Single(problem => problem.Path == typo);

        Assert.Contains($"did you mean '{name}'?", problem.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Limited() =>
        [.. OptionsTree.Leaves.Where(leaf => leaf.IsNumber && leaf.Limit is not null).Select(leaf => leaf.Path)];

    [Theory, MemberData(nameof(Limited))]
    public void Every_number_is_refused_outside_its_limits_in_yaml_and_on_the_wire(string path)
    {
        var leaf = OptionsTree.Leaves.Single(leaf => leaf.Path == path);
        double[] candidates = [-1e6, -11, -1, 0, 1.1, 5, 70_000, 2e6, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
        double[] outside = [.. candidates
            .Where(value => !leaf.Limit!.Allows(value) && (leaf.Type == typeof(double) || double.IsInteger(value)))];

        Assert.NotEmpty(outside);
        Assert.All(outside, value =>
        {
            var text = value.ToString("R", CultureInfo.InvariantCulture);
            var inYaml = BadSpecTests.ProblemsOf(Base, $"algorithm.name={OptionsTree.AlgorithmOf(path)}", $"{path}={text}")
                .First(problem => problem.Path == path);
            AssertSays(inYaml);
            AssertSays(ProblemsOf(MessageWith(path, value)).First(problem => problem.Path == path));

            void AssertSays(SpecProblem problem)
            {
                Assert.Contains(text, problem.Message, StringComparison.Ordinal);
                Assert.Contains(double.IsFinite(value) ? leaf.Limit!.Allowed : "finite number", problem.Message, StringComparison.Ordinal);
            }
        });
    }

    [Fact]
    public void An_empty_message_lacks_only_its_environment() =>
        Assert.Equal("environment.name", Assert.Single(ProblemsOf(new ExperimentSpec())).Path);

    public static TheoryData<string, Value, string> Misfits() => new()
    {
        { "gamma", Value.ForBool(true), "'true' is not a finite number" },
        { "gamma", Value.ForNumber(double.NaN), "'NaN' is not a finite number" },
        { "gamma", Value.ForNull(), "nothing is not a number" },
        { "gamma", Value.ForList(Value.ForNumber(1)), "a list is not a number" },
        { "gamma", Value.ForStruct(Options(("x", Value.ForNumber(1)))), "a group of fields is not a number" },
        { "gamma", new Value(), "nothing is not a number" },
        { "epochs", Value.ForNumber(1.5), "'1.5' is not a whole number" },
        { "epochs", Value.ForNumber(1e30), "is out of range" },
        { "epochs", Value.ForNumber(1e17), "100000000000000000 is out of range" },
        { "gae", Value.ForNumber(1), "'1' is not true or false" },
        { "time_limit", Value.ForString("never"), "'never' is not one of bootstrap" },
        { "tau", Value.ForNumber(0.5), "unknown field" },
        { "name", Value.ForString("sac"), "is there twice, again in options" },
        { "preset", Value.ForString("ppo2"), "is there twice, again in options" },
        { "gamma\u0000", Value.ForNumber(0.5), "control character" },
    };

    [Theory, MemberData(nameof(Misfits))]
    public void An_option_of_an_algorithm_that_does_not_fit_is_refused_by_its_name(string option, Value value, string reason)
    {
        var spec = new ExperimentSpec
        {
            Environment = new EnvironmentSpec { Name = "CartPole-v1" },
            Algorithm = new AlgorithmSpec { Name = "ppo", Preset = "cleanrl", Options = Options((option, value)) },
        };

        var problem = Assert.Single(ProblemsOf(ExperimentSpec.Parser.ParseFrom(spec.ToByteArray())));

        Assert.StartsWith("algorithm", problem.Path, StringComparison.Ordinal);
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<SpecProblem> ProblemsOf(ExperimentSpec spec) =>
        Assert.Throws<SpecException>(() => SpecReader.Read(spec)).Problems;

    private static Struct Options(params (string Name, Value Value)[] options) => new()
    {
        Fields = { options.ToDictionary(option => option.Name, option => option.Value) },
    };

    /// <summary>A message in which only the environment, an algorithm that has this number, and the number are set.</summary>
    private static ExperimentSpec MessageWith(string path, double value)
    {
        var spec = new ExperimentSpec
        {
            Environment = new EnvironmentSpec { Name = EnvironmentRegistry.All[0].Name },
            Algorithm = new AlgorithmSpec { Name = OptionsTree.AlgorithmOf(path) },
        };
        var names = path.Split('.');
        if (names[0] == "algorithm")
        {
            spec.Algorithm.Options = Options((names[^1], Value.ForNumber(value)));
            return spec;
        }

        Google.Protobuf.IMessage message = spec;
        foreach (var name in names[..^1])
        {
            var group = message.Descriptor.FindFieldByName(name);
            if (group.Accessor.GetValue(message) is null)
            {
                group.Accessor.SetValue(message, Activator.CreateInstance(group.MessageType.ClrType)!);
            }

            message = (Google.Protobuf.IMessage)group.Accessor.GetValue(message);
        }

        var field = message.Descriptor.FindFieldByName(names[^1]);
        var type = field.FieldType switch
        {
            Google.Protobuf.Reflection.FieldType.Double => typeof(double),
            Google.Protobuf.Reflection.FieldType.Int32 => typeof(int),
            _ => typeof(long),
        };
        field.Accessor.SetValue(message, Convert.ChangeType(value, type, CultureInfo.InvariantCulture));
        return spec;
    }
}
