using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Protocol.Tests;

/// <summary>Whatever arrives, only the documented exceptions leave.</summary>
public class FuzzTests
{
    private static readonly string[] Pieces =
    [
        "", "\n", "  ", "\t", ":", ": ", "-", "- ", "?", "? ", "#", "{", "}", "[", "]", ",", "&a ", "*a", "!!int ", "!<x> ",
        "|\n", ">\n", "\"", "'", "%YAML 9.9\n", "---\n", "...\n", "@", "`", "\0", "\u0085", "\ufeff", "\ud800", "😀", "\\", "\"\\x",
        "\"\\uD800\"", "<<: ", "~", "null", "NaN", "-1", "1e999", "0x10", "99999999999999999999999",
        "environment", "algorithm:", "options: ", "hidden_sizes: [", "name: ",
    ];

    [Fact]
    public void Random_bytes_as_a_message_are_refused_by_the_parser_or_by_the_reader() => ForAllSeeds(3000, random =>
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        AssertDocumented(bytes);
    });

    [Fact]
    public void Mutated_messages_are_refused_by_the_parser_or_by_the_reader_or_give_valid_options() => ForAllSeeds(1500, random =>
    {
        var bytes = SpecWriter.ToMessage(RandomOptions.Make(random)).ToByteArray().ToList();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(3))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                default:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        AssertDocumented([.. bytes]);
    });

    [Fact]
    public void Random_bytes_as_a_trajectory_are_refused_by_the_parser_or_when_a_column_is_read() => ForAllSeeds(3000, random =>
    {
        var block = new Trajectory();
        block.Add<float>("rewards", [1, 2, 3, 4], 2, 2);
        var bytes = block.ToByteArray();
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        try
        {
            Assert.Equal(4, Trajectory.Parser.ParseFrom(bytes).Floats("rewards", 2, 2).Length);
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidDataException)
        {
            Assert.NotEmpty(error.Message);
        }
    });

    [Fact]
    public void Mutated_yaml_is_refused_with_a_spec_exception_or_gives_valid_options() => ForAllSeeds(2000, random =>
    {
        var text = new StringBuilder(random.Next(3) == 0
            ? "environment: { name: CartPole-v1 }\nalgorithm:\n  gamma: 0.9\nnetwork: { hidden_sizes: [8, 8] }\n"
            : SpecWriter.ToYaml(RandomOptions.Make(random)));
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(4))
            {
                case 0:
                    text.Remove(at, Math.Min(random.Next(1, 40), text.Length - at));
                    break;
                case 1:
                    text[at] = (char)random.Next(0x3000);
                    break;
                default:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
            }

            text.Append(' ');
        }

        AssertDocumented(text.ToString());
    });

    [Fact]
    public void Random_pieces_of_yaml_and_overrides_are_refused_with_a_spec_exception_or_give_valid_options() => ForAllSeeds(3000, random =>
    {
        string Random() => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Pieces[random.Next(Pieces.Length)]));
        AssertDocumented(Random());
        AssertDocumented(SpecReader.DefaultYaml, Random(), $"algorithm.gamma={Random()}", $"{Random()}={Random()}");
    });

    private static void AssertDocumented(string yaml, params string[] overrides)
    {
        try
        {
            AssertValid(SpecReader.ReadYaml(yaml, overrides));
        }
        catch (SpecException error)
        {
            AssertExplains(error);
        }
    }

    private static void AssertDocumented(byte[] bytes)
    {
        try
        {
            AssertValid(SpecReader.Read(ExperimentSpec.Parser.ParseFrom(bytes)));
        }
        catch (SpecException error)
        {
            AssertExplains(error);
        }
        catch (InvalidProtocolBufferException error)
        {
            Assert.NotEmpty(error.Message);
        }
    }

    private static void AssertExplains(SpecException error)
    {
        Assert.NotEmpty(error.Problems);
        Assert.All(error.Problems, problem => Assert.InRange(problem.Message.Length, 5, 2000));
    }

    /// <summary>What was accepted is complete, within its limits and can be passed on.</summary>
    private static void AssertValid(ExperimentOptions options)
    {
        Assert.NotNull(EnvironmentRegistry.Find(options.Environment.Name));
        Assert.Equal(OptionsTree.Flatten(options), OptionsTree.Flatten(SpecReader.Read(SpecWriter.ToMessage(options))));
    }

    private static void ForAllSeeds(int count, Action<Random> property) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(count),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => property(new Random(seed))));
}
