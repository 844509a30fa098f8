using System.Reflection;

namespace Rapid.Environments;

/// <summary>Names a source of environments that an assembly has.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal abstract class EnvironmentSourceAttribute : Attribute
{
    /// <summary>Makes it.</summary>
    public abstract IEnvironmentSource Make();
}

/// <inheritdoc/>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class EnvironmentSourceAttribute<T> : EnvironmentSourceAttribute
    where T : IEnvironmentSource, new()
{
    /// <inheritdoc/>
    public override IEnvironmentSource Make() => new T();
}

/// <summary>
/// Families of environments. Each is an assembly of its own, Rapid.Environments.NAME, above this one, and names its sources with an
/// attribute. A program has a family when its project, or one that it refers to, refers to the family's: no program has to say so in code,
/// so that none can forget to. The compiler drops a reference that no code uses, and an assembly's initializer runs only when code uses the
/// assembly, but it is the names of environments alone that lead here. What is read is therefore the host's list of the assemblies that the
/// program was built with: it is the same however the program starts, and what else lies in its folder, or in a plug-in's, is not in it.
/// </summary>
internal static class EnvironmentSources
{
    private const string Prefix = "Rapid.Environments.";

    /// <summary>Makes the sources of all of them.</summary>
    public static IEnumerable<IEnvironmentSource> Make() =>
        from file in (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator)
        let name = Path.GetFileNameWithoutExtension(file)
        where name.StartsWith(Prefix, StringComparison.Ordinal)
        orderby name
        from source in Assembly.Load(name).GetCustomAttributes<EnvironmentSourceAttribute>()
        select source.Make();
}
