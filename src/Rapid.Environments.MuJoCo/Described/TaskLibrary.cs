namespace Rapid.Environments.Described;

/// <summary>Descriptions that ship with Rapid. Several tasks may be one description with other values of its options.</summary>
internal static class TaskLibrary
{
    /// <summary>All of them in listing order.</summary>
    public static IReadOnlyList<Entry> Tasks { get; } =
    [
        new("dm.acrobot.swingup", "acrobot", "swing a two-link arm up to a target above it", new() { ["margin"] = 1 }),
        new("dm.acrobot.swingup_sparse", "acrobot", "the same, rewarded at the target alone", new() { ["margin"] = 0 }),
        new("dm.ball_in_cup.catch", "ball_in_cup", "catch a ball on a string in a cup", []),
        new("dm.cartpole.balance", "cartpole", "keep a pole on a cart upright", new() { ["hanging"] = 0, ["sparse"] = 0 }),
        new(
            "dm.cartpole.balance_sparse", "cartpole", "the same, rewarded when it is upright alone",
            new() { ["hanging"] = 0, ["sparse"] = 1 }),
        new("dm.cartpole.swingup", "cartpole", "swing a hanging pole on a cart up", new() { ["hanging"] = 1, ["sparse"] = 0 }),
        new(
            "dm.cartpole.swingup_sparse", "cartpole", "the same, rewarded when it is upright alone",
            new() { ["hanging"] = 1, ["sparse"] = 1 }),
        new("dm.cheetah.run", "cheetah", "run at 10 m/s with a planar two-legged body", []),
        new("dm.hopper.stand", "hopper", "stand on one leg", new() { ["speed"] = 0 }),
        new("dm.hopper.hop", "hopper", "hop forward on one leg at 2 m/s", new() { ["speed"] = 2 }),
        new("dm.pendulum.swingup", "pendulum", "swing a pendulum up with a weak motor", []),
        new("dm.reacher.easy", "reacher", "bring a two-link arm to a large target", new() { ["target_radius"] = 0.05 }),
        new("dm.reacher.hard", "reacher", "bring a two-link arm to a small target", new() { ["target_radius"] = 0.015 }),
        new("dm.walker.stand", "walker", "stand on two legs", new() { ["speed"] = 0 }),
        new("dm.walker.walk", "walker", "walk on two legs at 1 m/s", new() { ["speed"] = 1 }),
        new("dm.walker.run", "walker", "run on two legs at 8 m/s", new() { ["speed"] = 8 }),
        new("OneLeg-v0", "one_leg", "bring the tip of a three-joint leg to a target", []),
    ];

    private static readonly Dictionary<string, Entry> ByName = Tasks.ToDictionary(entry => entry.Name);

    /// <summary>The task of this name, or null.</summary>
    public static Entry? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>A task that ships with Rapid.</summary>
    /// <param name="Name">In specs.</param>
    /// <param name="File">Of the description, without its ending.</param>
    /// <param name="Summary">One line.</param>
    /// <param name="Options">Values of the description's options that make it this task.</param>
    public sealed record Entry(string Name, string File, string Summary, Dictionary<string, double> Options)
    {
        /// <summary>Where the description lies.</summary>
        public string Path => System.IO.Path.Combine(AppContext.BaseDirectory, "tasks", $"{File}.yaml");
    }
}
