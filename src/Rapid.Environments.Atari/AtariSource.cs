using Rapid.Environments;
using Rapid.Environments.Atari;

[assembly: EnvironmentSource<AtariSource>]

namespace Rapid.Environments.Atari;

/// <summary>Atari's games by the names of <see cref="AtariNames"/>.</summary>
internal sealed class AtariSource : IEnvironmentSource
{
    /// <inheritdoc/>
    public IEnumerable<string> OtherNames => AtariNames.All.Select(name => name.Name);

    /// <inheritdoc/>
    public EnvironmentInfo? Find(string name) => AtariNames.Find(name);

    /// <inheritdoc/>
    public bool IsPath(string name) => AtariName.IsDescription(name) || AtariName.IsCartridge(name);

    /// <inheritdoc/>
    public IEnumerable<string>? FilesOf(string name) => AtariNames.Parse(name)?.File is { } file ? [file] : null;

    /// <inheritdoc/>
    public IEnumerable<(string Option, string Problem)> Check(string name, IReadOnlyDictionary<string, string> options) =>
        AtariTasks.Check(AtariNames.Parse(name)!, options);

    /// <inheritdoc/>
    public int MaxEpisodeSteps(string name, IReadOnlyDictionary<string, string> options) =>
        AtariTasks.LongestEpisode(AtariNames.Parse(name)!.Defaults, options);

    /// <inheritdoc/>
    public IEnvironment Create(string name, IReadOnlyDictionary<string, string> options, string? roms = null) =>
        AtariTasks.Create(AtariNames.Parse(name)!, options, roms);
}
