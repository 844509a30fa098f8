namespace Rapid.Environments;

/// <summary>
/// Where environments come from. The registry asks every source and knows none by its kind: a name belongs to the one that finds it, and no
/// two find the same.
/// </summary>
internal interface IEnvironmentSource
{
    /// <summary>What <see cref="Registry.EnvironmentRegistry.All"/> lists: known without reading a file or running code of a user's.</summary>
    IEnumerable<EnvironmentInfo> All => [];

    /// <summary>What <see cref="Registry.EnvironmentRegistry.More"/> lists.</summary>
    IEnumerable<EnvironmentInfo> More => [];

    /// <summary>Names that neither list has, because they are too many.</summary>
    IEnumerable<string> OtherNames => [];

    /// <summary>Facts about one, or null when it is not from here. What cannot be made is found too when it is known why.</summary>
    /// <param name="name">A name, an old one, or the path of a file.</param>
    EnvironmentInfo? Find(string name);

    /// <summary>Whether a name can only be the path of a file that is from here, whether the file is there or not.</summary>
    bool IsPath(string name) => false;

    /// <summary>Why one that is found cannot be made, one line each.</summary>
    IEnumerable<string> Problems(string name) => [];

    /// <summary>Why options that have the right form do not suit one that has no problems, one text each.</summary>
    IEnumerable<(string Option, string Problem)> Check(string name, IReadOnlyDictionary<string, string> options) => [];

    /// <summary>Steps after which an episode is truncated when nothing else says how many.</summary>
    /// <exception cref="ArgumentException">An option has a value that it cannot have.</exception>
    int MaxEpisodeSteps(string name, IReadOnlyDictionary<string, string> options) => Find(name)!.MaxEpisodeSteps;

    /// <summary>The files that one is made of whose name is a path, in an order that does not depend on the folder that they lie in; null
    /// where the name is no path.</summary>
    IEnumerable<string>? FilesOf(string name) => null;

    /// <summary>Makes one that is found and has no problems.</summary>
    /// <param name="name">As its facts have it.</param>
    /// <param name="options">Checked, in their plainest form.</param>
    /// <param name="roms">A folder that is searched for a cartridge before the usual ones, or null.</param>
    IEnvironment Create(string name, IReadOnlyDictionary<string, string> options, string? roms = null);
}
