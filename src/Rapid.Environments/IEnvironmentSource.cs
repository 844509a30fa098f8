namespace Rapid.Environments;

/// <summary>Where environments come from that the registry has no entry for.</summary>
internal interface IEnvironmentSource
{
    /// <summary>What can be listed.</summary>
    IEnumerable<EnvironmentInfo> All { get; }

    /// <summary>Facts about one, or null when it is not from here. What cannot be made is found too when it is known why.</summary>
    EnvironmentInfo? Find(string name);

    /// <summary>Why one that is found cannot be made, one line each.</summary>
    IEnumerable<string> Problems(string name);

    /// <summary>Makes one that is found and has no problems.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Checked.</param>
    IEnvironment Create(string name, IReadOnlyDictionary<string, string> options);
}
