using Rapid.Environments;
using Rapid.Environments.MuJoCo;
using Rapid.Environments.MuJoCo.Simulation;

[assembly: EnvironmentSource<MuJoCoTasks>]

namespace Rapid.Environments.MuJoCo;

/// <summary>Gymnasium's MuJoCo tasks by name, in both versions that are played today.</summary>
internal sealed class MuJoCoTasks : IEnvironmentSource
{
    private static readonly Entry[] Entries =
    [
        .. Of("HalfCheetah", "run with a planar two-legged body", 1000, 4800, new HalfCheetahOptions(), o => new HalfCheetah(o)),
        .. Of("Hopper", "hop on one leg without falling", 1000, 3800, new HopperOptions(), o => new Hopper(o)),
        .. Of("Walker2d", "walk on two planar legs without falling", 1000, null, new Walker2dOptions(), o => new Walker2d(o)),
        .. Of("Ant", "run on four legs without turning over", 1000, 6000, new AntOptions(), o => new Ant(o)),
        .. Of("Humanoid", "walk on two legs without falling", 1000, null, new HumanoidOptions(), o => new Humanoid(o)),
        .. Of("HumanoidStandup", "get up from the back", 1000, null, new HumanoidStandupOptions(), o => new HumanoidStandup(o)),
        .. Of("Swimmer", "swim with three links in a viscous fluid", 1000, 360, new SwimmerOptions(), o => new Swimmer(o)),
        .. Of("Reacher", "bring a two-link arm's tip to a target", 50, -3.75, new ReacherOptions(), o => new Reacher(o)),
        .. Of("Pusher", "push an object to a goal with an arm", 100, 0, new PusherOptions(), o => new Pusher(o)),
        .. Of("InvertedPendulum", "balance a pole on a cart", 1000, 950, new InvertedPendulumOptions(), o => new InvertedPendulum(o)),
        .. Of(
            "InvertedDoublePendulum", "balance a pole on a pole on a cart", 1000, 9100, new InvertedDoublePendulumOptions(),
            o => new InvertedDoublePendulum(o)),
    ];

    // Versions 2 and 3, which ran on mujoco-py. What has no options in version 4 never had a version 3.
    private static readonly Dictionary<string, EnvironmentInfo> OldNames = (
        from entry in Entries
        where entry.Options.Version == 4
        from version in (int[])(entry.Options is HealthOptions or HalfCheetahOptions or SwimmerOptions ? [2, 3] : [2])
        let name = entry.Info.Name[..^1] + version
        select (name, entry.Info with { Note = $"{name} ran on mujoco-py; in its place Rapid makes {entry.Info.Name}" }))
        .ToDictionary(old => old.name, old => old.Item2);

    /// <inheritdoc/>
    public IEnumerable<EnvironmentInfo> All => Entries.Select(entry => entry.Info);

    /// <inheritdoc/>
    public EnvironmentInfo? Find(string name) => FindEntry(name)?.Info ?? OldNames.GetValueOrDefault(name);

    /// <inheritdoc/>
    public IEnumerable<(string Option, string Problem)> Check(string name, IReadOnlyDictionary<string, string> options)
    {
        if (FindEntry(name) is not { } entry)
        {
            return [];
        }

        (string, string)[] problems = [.. TaskOptions.Check(entry.Options, options)];
        var decisive = new[] { "xml_file", "main_body" }.FirstOrDefault(options.ContainsKey);
        if (problems.Length > 0 || decisive is null)
        {
            return problems;
        }

        // Whether these suit, only the model can say.
        try
        {
            entry.Make(options).Dispose();
            return [];
        }
        catch (Exception error) when (error is MuJoCoException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            return [(decisive, error.Message)];
        }
    }

    /// <inheritdoc/>
    public IEnvironment Create(string name, IReadOnlyDictionary<string, string> options, string? roms = null) =>
        FindEntry(name)!.Make(options);

    private static Entry? FindEntry(string name) => Array.Find(Entries, entry => entry.Info.Name == name);

    private static IEnumerable<Entry> Of<T>(
        string body, string summary, int steps, double? threshold, T options, Func<T, MuJoCoEnvironment> make)
        where T : MuJoCoOptions
    {
        for (var version = MuJoCoOptions.OldestVersion; version <= MuJoCoOptions.NewestVersion; version++)
        {
            var defaults = options with { Version = version };
            yield return new Entry(
                new EnvironmentInfo($"{body}-v{version}", "mujoco", steps, threshold, summary, TaskOptions.Describe(defaults)),
                defaults,
                texts => make(TaskOptions.Read(defaults, texts)));
        }
    }

    private sealed record Entry(
        EnvironmentInfo Info, MuJoCoOptions Options, Func<IReadOnlyDictionary<string, string>, MuJoCoEnvironment> Make);
}
