using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Rapid.Agents.Ppo;
using Rapid.Environments.Registry;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;
using Struct = Google.Protobuf.WellKnownTypes.Struct;
using Value = Google.Protobuf.WellKnownTypes.Value;

namespace Rapid.Protocol.Tests;

public class RoundTripTests
{
    public static TheoryData<string, string, string> Defaults()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var info in EnvironmentRegistry.All)
        {
            foreach (var algorithm in OptionsTree.AlgorithmsFor(info))
            {
                foreach (var preset in Presets.Of(algorithm))
                {
                    data.Add(info.Name, algorithm, preset);
                }
            }
        }

        return data;
    }

    [Theory, MemberData(nameof(Defaults))]
    public void The_defaults_of_every_environment_algorithm_and_preset_survive_every_form(
        string environment, string algorithm, string preset)
    {
        var options = SpecReader.ReadYaml(
            $"{{ environment: {{ name: {environment} }}, algorithm: {{ name: {algorithm}, preset: {preset} }} }}");

        var defaults = Presets.Default(EnvironmentRegistry.Find(environment)!, algorithm, preset);
        Assert.Equal(OptionsTree.Flatten(defaults), OptionsTree.Flatten(options));
        Assert.Equal((algorithm, preset), (options.Algorithm.Name, options.Algorithm.Preset));
        AssertSurvives(options);
    }

    [Fact]
    public void Random_valid_options_survive_every_form() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => AssertSurvives(RandomOptions.Make(new Random(seed)))));

    /// <summary>The generator above reaches every option, or the property would prove less than it says.</summary>
    [Fact]
    public void Random_options_differ_from_the_defaults_in_every_option()
    {
        var varied = new HashSet<string>();
        for (var seed = 0; seed < 400; seed++)
        {
            var options = RandomOptions.Make(new Random(seed));
            var defaults = OptionsTree.Flatten(Presets.Default(EnvironmentRegistry.Find("CartPole-v1")!, options.Algorithm.Name));
            varied.UnionWith(OptionsTree.Flatten(options).Where(pair => defaults[pair.Key] != pair.Value).Select(pair => pair.Key));
        }

        var fixedByDefault = OptionsTree.Leaves.Select(leaf => leaf.Path).Except(varied);
        Assert.Equal(["algorithm.name"], fixedByDefault.Order());
    }

    [Fact]
    public void A_message_says_only_what_is_set_and_the_rest_takes_its_default()
    {
        var spec = new ExperimentSpec
        {
            Environment = new EnvironmentSpec { Name = "Pendulum-v1" },
            Algorithm = new AlgorithmSpec { Options = new Struct { Fields = { ["clip_range"] = Value.ForNumber(0.3), ["gae"] = Value.ForBool(false) } } },
        };

        var options = SpecReader.Read(spec);

        var expected = Presets.Default(EnvironmentRegistry.Find("Pendulum-v1")!);
        expected = expected with { Algorithm = (PpoOptions)expected.Algorithm with { ClipRange = 0.3, Gae = false } };
        Assert.Equal(OptionsTree.Flatten(expected), OptionsTree.Flatten(options));
    }

    [Theory]
    [InlineData("ppo")]
    [InlineData("a2c")]
    [InlineData("p3o")]
    public void What_is_seen_of_a_game_decides_the_defaults_of_network_and_normalisation(string algorithm)
    {
        ExperimentOptions Read(string observations) => SpecReader.ReadYaml(
            $$"""{ environment: { name: ALE/Duel-v5, options: { obs_type: {{observations}} } }, algorithm: { name: {{algorithm}} } }""");
        var frames = SpecReader.ReadYaml($$"""{ environment: { name: ALE/Duel-v5 }, algorithm: { name: {{algorithm}} } }""");
        foreach (var shown in (string[])["rgb", "Grayscale"])
        {
            Assert.Equal(frames.Network.Encoder, Read(shown).Network.Encoder);
            Assert.NotEqual(Encoder.None, Read(shown).Network.Encoder);
            Assert.False(Read(shown).Normalization.Observations);
        }

        var memory = Read("ram");
        Assert.Equal(Encoder.None, memory.Network.Encoder);
        Assert.Equal((true, false), (memory.Normalization.Observations, memory.Normalization.Rewards));
        Assert.Equal(frames.Algorithm, memory.Algorithm);
        var error = Assert.Throws<SpecException>(() => SpecReader.ReadYaml(
            "{ environment: { name: ALE/Duel-v5, options: { obs_type: ram } }, network: { encoder: nature } }"));
        Assert.Equal("network.encoder", Assert.Single(error.Problems).Path);
    }

    [Fact]
    public void Zero_false_and_empty_text_on_the_wire_are_values_and_not_absence()
    {
        var spec = new ExperimentSpec
        {
            Seed = 0,
            Environment = new EnvironmentSpec { Name = "HalfCheetah-v4" },
            Normalization = new NormalizationSpec { Observations = false },
            Algorithm = new AlgorithmSpec { Options = new Struct { Fields = { ["max_gradient_norm"] = Value.ForNumber(0) } } },
        };

        var options = SpecReader.Read(ExperimentSpec.Parser.ParseFrom(spec.ToByteArray()));

        Assert.Equal(0ul, options.Seed);
        Assert.False(options.Normalization.Observations);
        Assert.True(options.Normalization.Rewards);
        Assert.Equal(0, ((PpoOptions)options.Algorithm).MaxGradientNorm);
        var problem = Assert.Single(Assert.Throws<SpecException>(() => SpecReader.Read(new ExperimentSpec(spec) { Name = "" })).Problems);
        Assert.Equal("name", problem.Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("environment")]
    [InlineData("algorithm")]
    public void Fields_of_a_newer_client_are_refused_with_their_group(string group)
    {
        var spec = SpecWriter.ToMessage(SpecReader.ReadYaml(SpecReader.DefaultYaml));
        using var unknown = new MemoryStream();
        using (var output = new CodedOutputStream(unknown, leaveOpen: true))
        {
            output.WriteTag(900, WireFormat.WireType.LengthDelimited);
            output.WriteString("from the future");
        }

        switch (group)
        {
            case "environment":
                spec.Environment.MergeFrom(unknown.ToArray());
                break;
            case "algorithm":
                spec.Algorithm.MergeFrom(unknown.ToArray());
                break;
            default:
                spec.MergeFrom(unknown.ToArray());
                break;
        }

        var problem = Assert.Single(Assert.Throws<SpecException>(() => SpecReader.Read(spec)).Problems);

        Assert.Equal(group, problem.Path);
        Assert.Contains("does not know", problem.Message, StringComparison.Ordinal);
    }

    private static void AssertSurvives(ExperimentOptions options)
    {
        var expected = OptionsTree.Flatten(options);
        Assert.Equal(expected, OptionsTree.Flatten(SpecReader.ReadYaml(SpecWriter.ToYaml(options))));
        Assert.Equal(expected, OptionsTree.Flatten(SpecReader.ReadYaml(SpecWriter.ToJson(options).ToJsonString())));
        var message = ExperimentSpec.Parser.ParseFrom(SpecWriter.ToMessage(options).ToByteArray());
        Assert.Equal(expected, OptionsTree.Flatten(SpecReader.Read(message)));
    }
}
