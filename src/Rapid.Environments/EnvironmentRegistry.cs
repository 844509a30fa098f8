using System.Globalization;
using Rapid.Environments.Atari;
using Rapid.Environments.Classic;
using Rapid.Environments.MuJoCo;

namespace Rapid.Environments;

/// <summary>What there is to know about a registered environment without making one.</summary>
/// <param name="Name">For example "HalfCheetah-v4".</param>
/// <param name="Family">"classic", "mujoco" or "atari".</param>
/// <param name="MaxEpisodeSteps">Steps after which an episode is truncated.</param>
/// <param name="RewardThreshold">Return at which the task counts as solved, if the task has one.</param>
/// <param name="Summary">One line.</param>
/// <param name="Options">Names of the constructor's options, with what they take.</param>
public sealed record EnvironmentInfo(
    string Name, string Family, int MaxEpisodeSteps, double? RewardThreshold, string Summary, IReadOnlyDictionary<string, string> Options)
{
    /// <summary>True for physics tasks whose observations and rewards want normalisation.</summary>
    public bool IsMuJoCo => Family == "mujoco";

    /// <summary>True for games.</summary>
    public bool IsAtari => Family == "atari";

    /// <summary>What who uses the name should know, if anything.</summary>
    public string? Note { get; init; }

    /// <summary>Whether observations are frames; of games they are, unless an option says otherwise.</summary>
    public bool ShowsFrames { get; init; } = Family == "atari";
}

/// <summary>All environments by name.</summary>
public static class EnvironmentRegistry
{
    private static readonly Dictionary<string, string> NoOptions = [];

    private static readonly Entry[] Entries =
    [
        new(
            new(
                "CartPole-v1", "classic", 500, 475, "balance a pole on a cart",
                new Dictionary<string, string> { ["sutton_barto_reward"] = "true or false" }),
            options => new CartPole(Flag(options, "sutton_barto_reward", false))),
        new(
            new(
                "Pendulum-v1", "classic", 200, null, "swing a pendulum up and hold it",
                new Dictionary<string, string> { ["g"] = "gravity in m/s^2" }),
            options => new Pendulum(Number(options, "g", 10))),
        new(new("Acrobot-v1", "classic", 500, -100, "swing a two-link arm above a line", NoOptions), _ => new Acrobot()),
        new(new("MountainCar-v0", "classic", 200, -110, "get a weak car out of a valley", NoOptions), _ => new MountainCar()),
        new(
            new("MountainCarContinuous-v0", "classic", 999, 90, "the mountain car with a continuous force", NoOptions),
            _ => new MountainCarContinuous()),
    ];

    /// <summary>Every environment but the hundreds of <see cref="AtariNames"/>, in listing order.</summary>
    public static IReadOnlyList<EnvironmentInfo> All { get; } = [.. Entries.Select(entry => entry.Info), .. MuJoCoTasks.All];

    /// <summary>Facts about one environment, or null. An old name finds the environment that is made in its place.</summary>
    public static EnvironmentInfo? Find(string name) =>
        All.FirstOrDefault(info => info.Name == name) ?? MuJoCoTasks.Find(name) ?? AtariNames.Find(name);

    /// <summary>Why these options are wrong, one text each; empty when they are fine.</summary>
    public static IEnumerable<(string Option, string Problem)> CheckOptions(
        EnvironmentInfo info, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(options);
        List<(string, string)> problems = [];
        foreach (var (name, value) in options)
        {
            if (!info.Options.TryGetValue(name, out var takes))
            {
                var known = info.Options.Count == 0 ? $"{info.Name} has no options" : $"known: {string.Join(", ", info.Options.Keys)}";
                var hint = NearestName.Hint(name, info.Options.Keys);
                problems.Add((name, $"unknown option{(hint.Length > 0 ? hint : ";")} {known}"));
            }
            else if (!Fits(value, takes))
            {
                problems.Add((name, $"'{value}' is not {takes}"));
            }
        }

        return problems.Count > 0 ? problems
            : AtariNames.Parse(info.Name) is { } atari ? AtariTasks.Check(atari, options)
            : MuJoCoTasks.Check(info.Name, options);
    }

    /// <summary>Makes an environment without a time limit.</summary>
    /// <param name="name">A registered name.</param>
    /// <param name="options">Options of its constructor, as text.</param>
    /// <exception cref="ArgumentException">Unknown name or option, or a value that it cannot take.</exception>
    /// <exception cref="FileNotFoundException">The cartridge of an Atari game is missing.</exception>
    public static IEnvironment Create(string name, IReadOnlyDictionary<string, string>? options = null)
    {
        var info = Find(name)
            ?? throw new ArgumentException($"'{name}' is not an environment{NearestName.Hint(name, Names)}", nameof(name));
        foreach (var (option, problem) in CheckOptions(info, options ?? NoOptions))
        {
            throw new ArgumentException($"{option}: {problem}", nameof(options));
        }

        return AtariNames.Parse(name) is { } atari
            ? AtariTasks.Create(atari, options ?? NoOptions)
            : MuJoCoTasks.Create(info.Name, options ?? NoOptions)
                ?? Array.Find(Entries, entry => entry.Info == info)!.Make(options ?? NoOptions);
    }

    /// <summary>All names, to find the nearest of one that is unknown.</summary>
    public static IEnumerable<string> Names => All.Select(info => info.Name).Concat(AtariNames.All.Select(name => name.Name));

    private static bool Flag(IReadOnlyDictionary<string, string> options, string name, bool fallback) =>
        options.TryGetValue(name, out var text) ? bool.Parse(text) : fallback;

    private static double Number(IReadOnlyDictionary<string, string> options, string name, double fallback) =>
        options.TryGetValue(name, out var text) ? double.Parse(text, CultureInfo.InvariantCulture) : fallback;

    /// <summary>Whether a value is what an option takes: one of a few words ("this, that or another"), a whole number, two numbers, a text,
    /// or a number.</summary>
    private static bool Fits(string value, string takes)
    {
        var words = takes.Split(':', '(')[0].Trim();
        return words.Contains(" or ", StringComparison.Ordinal) ? words.Split([", ", " or "], StringSplitOptions.None).Any(IsWord)
            : words.StartsWith("a whole number", StringComparison.Ordinal)
                ? long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            : words.StartsWith("two numbers", StringComparison.Ordinal) ? Interval.TryParse(value, out _)
            : words is "a path" or "a body" ? value.Trim().Length > 0
            : IsFinite(value);

        bool IsWord(string word) => string.Equals(value.Trim(), word, StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsFinite(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value);

    private sealed record Entry(EnvironmentInfo Info, Func<IReadOnlyDictionary<string, string>, IEnvironment> Make);
}
