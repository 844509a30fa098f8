using Rapid.Core;
using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>A function that a game file defines.</summary>
/// <param name="Parameters">Their names.</param>
/// <param name="Source">The piece that the body is in.</param>
/// <param name="Tokens">Of the body.</param>
internal sealed record Function(IReadOnlyList<string> Parameters, SourceSpan Source, List<Token> Tokens);

/// <summary>The names that an expression of one game knows.</summary>
internal sealed class Scope
{
    /// <summary>Slots of the four variables that every game has.</summary>
    public const int Score = 0, Reward = 1, Over = 2, Lives = 3;

    /// <summary>Bounds what a file can make of a few characters, with sums of sums.</summary>
    public const int MostNodes = 20_000;

    private readonly List<string> _variables = ["score", "reward", "over", "lives"];
    private readonly Dictionary<string, Function> _functions = [];

    /// <summary>Names in the order of their slots.</summary>
    public IReadOnlyList<string> Variables => _variables;

    /// <summary>Nodes made so far.</summary>
    public int Nodes { get; set; }

    /// <summary>Words that a variable cannot be called.</summary>
    public static IReadOnlyCollection<string> Reserved { get; } =
    [
        "last", "delta", "mode", "and", "or", "not", "if", "pick", "bcd", "ram", "sum", "count", "lo", "hi", "s8", "u8", "abs", "bit",
        "min", "max", "random", "press", "reset", "act", "until", "repeat", "else", "let", "at", "most",
    ];

    /// <summary>Slot of a variable, or -1.</summary>
    public int SlotOf(string name) => _variables.IndexOf(name);

    /// <summary>Slot of a variable, which is new or known.</summary>
    public int Declare(string name)
    {
        if (SlotOf(name) is >= 0 and var slot)
        {
            return slot;
        }

        _variables.Add(name);
        return _variables.Count - 1;
    }

    public void Define(string name, Function function) => _functions[name] = function;

    public Function? FunctionOf(string name) => _functions.GetValueOrDefault(name);

    /// <summary>"; did you mean 'x'?" or nothing.</summary>
    public string HintFor(string name) => NearestName.Hint(name, [.. _variables, .. _functions.Keys, .. Reserved]);
}
