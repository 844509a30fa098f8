namespace Rapid.Environments;

/// <summary>
/// An environment from an assembly of the user's own. Rapid finds the classes that implement this in the assemblies of the folders of
/// <c>RAPID_PLUGINS</c> and makes one of each with its constructor without parameters; docs/environments.md has an example.
/// </summary>
public interface IEnvironmentPlugin
{
    /// <summary>
    /// Its name in specs, its time limit, its options and what they take: "a number", "a whole number", "true or false", each with more
    /// words behind if you like. <see cref="EnvironmentInfo.HasContinuousActions"/> and <see cref="EnvironmentInfo.ShowsFrames"/> decide on
    /// defaults of algorithms. The family becomes "plug-in".
    /// </summary>
    EnvironmentInfo Info { get; }

    /// <summary>Makes an environment without a time limit.</summary>
    /// <param name="options">Options that the spec sets, as text, each of them known and of the right kind.</param>
    /// <exception cref="ArgumentException">An option's value is not allowed; the message is shown to the user.</exception>
    IEnvironment Create(IReadOnlyDictionary<string, string> options);
}
