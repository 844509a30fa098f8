using Rapid.Environments.Languages;

namespace Rapid.Environments.Described;

/// <summary>Where in a description an expression stands, which decides what it may use.</summary>
internal enum Place
{
    /// <summary>A number that is known when the file is read.</summary>
    Number,

    /// <summary>What a reset draws, sets or rejects.</summary>
    Reset,

    /// <summary>What the actuators get: before the step.</summary>
    Control,

    /// <summary>After the step.</summary>
    Step,
}

/// <summary>The names that the expressions of one task know, and what they have asked for so far.</summary>
/// <param name="names">Of the model.</param>
/// <param name="stepSeconds">Simulated seconds of an environment step.</param>
internal sealed class TaskScope(ModelNames names, double stepSeconds)
{
    /// <summary>Bounds what a file can make of a few characters.</summary>
    public const int MostNodes = 20_000;

    private readonly Dictionary<string, (Slot Value, Place Place)> _values = [];
    private readonly List<(Node Value, Slot Slot)> _before = [];

    public ModelNames Names => names;

    public double StepSeconds => stepSeconds;

    /// <summary>Numbers of an action; 0 until it is known.</summary>
    public int ActionSize { get; set; }

    /// <summary>Slots given out so far.</summary>
    public int SlotCount { get; private set; }

    /// <summary>Nodes made so far.</summary>
    public int Nodes { get; set; }

    /// <summary>What is remembered from before a step, and where.</summary>
    public IReadOnlyList<(Node Value, Slot Slot)> Before => _before;

    /// <summary>Words with a meaning of their own.</summary>
    public static IReadOnlyList<string> Reserved { get; } =
    [
        "and", "or", "not", "pi", "inf", "dt", "time", "contacts", "action", "control", "qpos", "qvel", .. ModelNames.Kinds,
        .. Functions.Names,
    ];

    /// <summary>Gives a value a name.</summary>
    /// <param name="name">Its name and where that stands.</param>
    /// <param name="size">Numbers.</param>
    /// <param name="place">Where it may be used: <see cref="Place.Number"/> for everywhere.</param>
    /// <exception cref="SourceException">The name is taken or none.</exception>
    public Slot Declare(SourceSpan name, int size, Place place)
    {
        if (!Lexer.IsPlainName(name.Text) || Reserved.Contains(name.Text))
        {
            var why = Reserved.Contains(name.Text) ? "has a meaning of its own" : "is no name; allowed: letters, digits and _";
            throw name.Wrong(0, $"'{name.Text}' {why}");
        }

        var slot = NewSlot(size);
        return _values.TryAdd(name.Text, (slot, place))
            ? slot
            : throw name.Wrong(0, $"'{name.Text}' is there twice; give one another name");
    }

    /// <summary>Remembers a value as it is before each step.</summary>
    public Slot Remember(Node value)
    {
        var slot = NewSlot(value.Size);
        _before.Add((value, slot));
        return slot;
    }

    /// <summary>A named value, or null; what stands in the way of using it there is a problem.</summary>
    public (Slot? Value, string Problem) Find(string name, Place place)
    {
        if (!_values.TryGetValue(name, out var found))
        {
            return (null, $"'{name}' is not known{SourceFields.Allowed(name, [.. _values.Keys, .. Reserved], " ")}");
        }

        // Options are there for all; draws for the reset alone, named values for what comes after a step.
        var isVisible = found.Place == Place.Number ? place != Place.Number
            : found.Place == Place.Reset ? place == Place.Reset
            : place is Place.Step or Place.Control;
        return isVisible ? (found.Value, "") : (null, place switch
        {
            Place.Number => $"a number is expected here, and '{name}' can change",
            Place.Reset => $"'{name}' comes of a step, and is not known while an episode is being started",
            _ => $"'{name}' is drawn for a reset, and is not known after it",
        });
    }

    private Slot NewSlot(int size)
    {
        var slot = new Slot(SlotCount, size);
        SlotCount += size;
        return slot;
    }
}
