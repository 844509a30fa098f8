using Rapid.Core;
using Rapid.Environments;

namespace SamplePlugin;

/// <summary>Tells Rapid of the sleeper.</summary>
public sealed class SleeperPlugin : IEnvironmentPlugin
{
    public EnvironmentInfo Info { get; } = new(
        "Sleeper-v0", "", 50, null, "a corridor that does not return from a call while a file exists",
        new Dictionary<string, string> { ["at"] = "make, reset or step", ["bed"] = "a path: that of the file" });

    public IEnvironment Create(IReadOnlyDictionary<string, string> options) => new Sleeper(options["at"], options["bed"]);
}

/// <summary>A corridor that sleeps.</summary>
public sealed class Sleeper : IEnvironment
{
    private readonly Corridor _corridor = new(10);
    private readonly string _at, _bed;

    public Sleeper(string at, string bed)
    {
        (_at, _bed) = (at, bed);
        SleepAt("make");
    }

    public Space ObservationSpace => _corridor.ObservationSpace;

    public Space ActionSpace => _corridor.ActionSpace;

    public void Reset(RandomStream random, Span<float> observation)
    {
        SleepAt("reset");
        _corridor.Reset(random, observation);
    }

    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        SleepAt("step");
        return _corridor.Step(action, observation);
    }

    public void Dispose()
    {
    }

    private void SleepAt(string call)
    {
        while (call == _at && File.Exists(_bed))
        {
            Thread.Sleep(10);
        }
    }
}
