namespace Rapid.Environments.Atari.Games;

/// <summary>The eighteen actions of a joystick and the console's RESET by name.</summary>
public static class ActionNames
{
    /// <summary>The console's RESET switch, which only starting actions may press.</summary>
    public const int Reset = 40;

    /// <summary>[18], by action.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT", "DOWNRIGHT", "DOWNLEFT", "UPFIRE", "RIGHTFIRE", "LEFTFIRE",
        "DOWNFIRE", "UPRIGHTFIRE", "UPLEFTFIRE", "DOWNRIGHTFIRE", "DOWNLEFTFIRE",
    ];

    /// <summary>Name of an action, 0..17 or 40.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is another number.</exception>
    public static string Of(int action)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(action);
        return action == Reset ? "RESET" : action < All.Count ? All[action] : throw new ArgumentOutOfRangeException(nameof(action));
    }

    /// <summary>The action of this name in any case, or -1.</summary>
    public static int Find(string name)
    {
        for (var action = 0; action < All.Count; action++)
        {
            if (All[action].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return action;
            }
        }

        return "RESET".Equals(name, StringComparison.OrdinalIgnoreCase) ? Reset : -1;
    }
}
