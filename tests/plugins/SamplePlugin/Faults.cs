using Rapid.Environments;

namespace SamplePlugin;

/// <summary>Plug-ins with one fault each.</summary>
public abstract class Fault(string name) : IEnvironmentPlugin
{
    public virtual EnvironmentInfo Info { get; } = new(name, "", 10, null, "a fault", new Dictionary<string, string>());

    public virtual IEnvironment Create(IReadOnlyDictionary<string, string> options) => new Corridor(10);
}

public sealed class ThrowsAtOnce : Fault
{
    public ThrowsAtOnce()
        : base("ThrowsAtOnce-v0") => throw new FileNotFoundException("the map of the maze is missing");
}

public sealed class TakesAName() : Fault("CartPole-v1");

public sealed class TakesItsOwnName() : Fault("Corridor-v0");

public sealed class HasABlankName() : Fault("two words");

public sealed class WantsAnArgument(int argument) : Fault($"Wants-{argument}");

public sealed class ThrowsLater() : Fault("ThrowsLater-v0")
{
    public override IEnvironment Create(IReadOnlyDictionary<string, string> options) =>
        throw new TypeInitializationException("Native", new DllNotFoundException("libmaze.so is not there"));
}

public sealed class MakesNothing() : Fault("MakesNothing-v0")
{
    public override IEnvironment Create(IReadOnlyDictionary<string, string> options) => null!;
}
