using Rapid.Core;
using Rapid.Environments;
using Rapid.Environments.Classic;
using Rapid.Environments.Registry;
using Rapid.Environments.Tests;

[assembly: EnvironmentSource<FamilyTests.Source>]

namespace Rapid.Environments.Tests;

/// <summary>Families of environments are found where nobody names them: this assembly is one.</summary>
public sealed class FamilyTests
{
    private const string Name = "SlowCart-v0", Description = "slow.cart";

    [Fact]
    public void An_assembly_that_names_a_source_has_environments_in_the_registry()
    {
        Dictionary<string, string> options = new() { ["steps"] = "1e1" };
        Assert.Equal("test", EnvironmentRegistry.Find(Name)?.Family);
        Assert.Contains(Name, EnvironmentRegistry.Names);
        Assert.Contains($"did you mean '{Name}'?", EnvironmentRegistry.WhyUnknown("SlowCar-v0"), StringComparison.Ordinal);
        Assert.Equal(
            [("steps", "'2.5' is not a whole number")],
            EnvironmentRegistry.CheckOptions(EnvironmentRegistry.Find(Name)!, new Dictionary<string, string> { ["steps"] = "2.5" }));
        Assert.Equal(
            [("steps", "7 is not even")],
            EnvironmentRegistry.CheckOptions(EnvironmentRegistry.Find(Name)!, new Dictionary<string, string> { ["steps"] = "7" }));
        Assert.Equal(10, EnvironmentRegistry.MaxEpisodeSteps(Name, options));
        using var environment = EnvironmentRegistry.Create(Name, options);
        Assert.IsType<CartPole>(environment);
    }

    [Fact]
    public void Files_of_a_family_are_its_own()
    {
        Assert.True(EnvironmentRegistry.IsPath(Description));
        Assert.False(EnvironmentRegistry.IsPath(Name));
        Assert.Equal([Description], EnvironmentRegistry.FilesOf(Description));
        Assert.Null(EnvironmentRegistry.FilesOf(Name));
    }

    [Fact]
    public void No_two_sources_have_one_name()
    {
        string[] names = [.. EnvironmentRegistry.Names];
        Assert.Equal(names.Distinct(), names);
    }

    internal sealed class Source : IEnvironmentSource
    {
        public IEnumerable<string> OtherNames => [Name];

        public EnvironmentInfo? Find(string name) => name is Name or Description
            ? new(name, "test", 1, null, "a cart", new Dictionary<string, string> { ["steps"] = "a whole number" })
            : null;

        public bool IsPath(string name) => Path.GetExtension(name) == ".cart";

        public IEnumerable<string>? FilesOf(string name) => IsPath(name) ? [name] : null;

        public IEnumerable<(string Option, string Problem)> Check(string name, IReadOnlyDictionary<string, string> options) =>
            options.TryGetValue("steps", out var text) && NumberReader.ReadWhole(text) % 2 != 0 ? [("steps", $"{text} is not even")] : [];

        public int MaxEpisodeSteps(string name, IReadOnlyDictionary<string, string> options) =>
            (int)NumberReader.ReadWhole(options["steps"]);

        public IEnvironment Create(string name, IReadOnlyDictionary<string, string> options, string? roms = null) =>
            options["steps"] == "10" ? new CartPole() : throw new ArgumentException("options come in their plainest form", nameof(options));
    }
}
