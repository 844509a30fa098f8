using Rapid.Core;

namespace Rapid.Environments.Classic;

/// <summary>The tasks of classic control.</summary>
internal sealed class ClassicSource : IEnvironmentSource
{
    private static readonly Dictionary<string, string> GoalVelocity = new()
    {
        ["goal_velocity"] = "a number: the speed that the car must have at least at the goal (0)",
    };

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
        new(
            new(
                "Acrobot-v1", "classic", 500, -100, "swing a two-link arm above a line",
                new Dictionary<string, string> { ["book_or_nips"] = "book or nips: whose dynamics, the book's or the paper's (book)" }),
            options => new Acrobot(options.GetValueOrDefault("book_or_nips") == "nips")),
        new(
            new("MountainCar-v0", "classic", 200, -110, "get a weak car out of a valley", GoalVelocity),
            options => new MountainCar(Number(options, "goal_velocity", 0))),
        new(
            new("MountainCarContinuous-v0", "classic", 999, 90, "the mountain car with a continuous force", GoalVelocity),
            options => new MountainCarContinuous(Number(options, "goal_velocity", 0))),
    ];

    /// <inheritdoc/>
    public IEnumerable<EnvironmentInfo> All => Entries.Select(entry => entry.Info);

    /// <inheritdoc/>
    public EnvironmentInfo? Find(string name) => FindEntry(name)?.Info;

    /// <inheritdoc/>
    public IEnvironment Create(string name, IReadOnlyDictionary<string, string> options, string? roms = null) =>
        FindEntry(name)!.Make(options);

    private static Entry? FindEntry(string name) => Array.Find(Entries, entry => entry.Info.Name == name);

    private static bool Flag(IReadOnlyDictionary<string, string> options, string name, bool fallback) =>
        options.TryGetValue(name, out var text) && NumberReader.TryReadFlag(text, out var value) ? value : fallback;

    private static double Number(IReadOnlyDictionary<string, string> options, string name, double fallback) =>
        options.TryGetValue(name, out var text) ? NumberReader.ReadReal(text) : fallback;

    private sealed record Entry(EnvironmentInfo Info, Func<IReadOnlyDictionary<string, string>, IEnvironment> Make);
}
