using System.Globalization;
using Rapid.Core;
using Rapid.Environments;

namespace SamplePlugin;

/// <summary>Tells Rapid of the corridor.</summary>
public sealed class CorridorPlugin : IEnvironmentPlugin
{
    public EnvironmentInfo Info { get; } = new(
        "Corridor-v0", "", 50, 0.8, "walk to the end of a corridor",
        new Dictionary<string, string> { ["length"] = "a whole number of steps, 1 to 40 (10)" });

    public IEnvironment Create(IReadOnlyDictionary<string, string> options)
    {
        var length = options.TryGetValue("length", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 10;
        return length is >= 1 and <= 40 ? new Corridor(length) : throw new ArgumentException($"a length of {length}; allowed: 1..40");
    }
}

/// <summary>Left or right along a corridor; the way costs, its end pays.</summary>
public sealed class Corridor(int length) : IEnvironment
{
    private int _place;

    public Space ObservationSpace { get; } = BoxSpace.Uniform(1, 0, 1);

    public Space ActionSpace { get; } = new DiscreteSpace(2);

    public void Reset(RandomStream random, Span<float> observation)
    {
        ArgumentNullException.ThrowIfNull(random);
        _place = random.NextIndex(2);
        observation[0] = (float)_place / length;
    }

    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        _place = Math.Clamp(_place + (action[0] > 0 ? 1 : -1), 0, length);
        observation[0] = (float)_place / length;
        return new StepResult(_place == length ? 1 : -0.01, Terminated: _place == length);
    }

    public void Dispose()
    {
    }
}
