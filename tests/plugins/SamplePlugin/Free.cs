using Rapid.Core;
using Rapid.Environments;

namespace SamplePlugin;

/// <summary>Tells Rapid of an environment whose actions have no bounds.</summary>
public sealed class FreePlugin : IEnvironmentPlugin
{
    public EnvironmentInfo Info { get; } =
        new("Free-v0", "", 50, null, "stay near zero with any push", new Dictionary<string, string>());

    public IEnvironment Create(IReadOnlyDictionary<string, string> options) => new Free();
}

/// <summary>A point that any number moves.</summary>
public sealed class Free : IEnvironment
{
    private float _place;

    public Space ObservationSpace { get; } = BoxSpace.Unbounded(1);

    public Space ActionSpace { get; } = BoxSpace.Unbounded(1);

    public void Reset(RandomStream random, Span<float> observation) => observation[0] = _place = 1;

    public StepResult Step(ReadOnlySpan<float> action, Span<float> observation)
    {
        observation[0] = _place = Math.Clamp(_place + action[0], -10, 10);
        return new StepResult(-Math.Abs(_place), Terminated: false);
    }

    public void Dispose()
    {
    }
}
