using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>Makes a game from its file. Reads all of it and reports every field that is wrong.</summary>
internal sealed class GameReader
{
    private static readonly string[] Fields =
    [
        "id", "md5", "actions", "legal", "begin", "modes", "default_mode", "select", "difficulties", "console", "start", "keep",
        "lives_when_over", "rules",
    ];

    private readonly SourceProblems _problems = new();
    private readonly Dictionary<string, SourceNode> _fields;
    private readonly Scope _scope = new();

    private GameReader(SourceNode.Map map)
    {
        _fields = _problems.Collect(map, "a game", Fields);
        if (!_fields.ContainsKey("rules"))
        {
            _problems.Add(map.At, "'rules' is missing: what says 'over', and 'score' or 'reward'");
        }
    }

    /// <summary>Reads one game.</summary>
    /// <param name="map">Its fields.</param>
    /// <param name="id">Its name unless it says another one.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="GameFormatException">With every problem.</exception>
    public static GameDescription Read(SourceNode.Map map, string id, string file)
    {
        var reader = new GameReader(map);
        var game = reader.Read(id);
        return reader._problems.Count == 0 ? game : throw new GameFormatException(file, reader._problems.ByPlace);
    }

    private GameDescription Read(string fallbackId)
    {
        var id = Try("id", fallbackId, FieldValues.Identifier);
        var rules = DeclareRules();
        var modes = Numbers("modes", [0], 65_535);
        var defaultMode = Try("default_mode", modes[0], node => SourceFields.Whole(node, 0, 65_535));
        if (!modes.Contains(defaultMode))
        {
            _problems.Add(_fields["default_mode"].At, $"mode {defaultMode} is not among the modes {Ranges.Describe(modes)}");
        }

        var select = Try<Statement?>("select", null, node => ScriptParser.Read(SourceFields.Text(node), _scope));
        var program = new GameProgram
        {
            Game = id,
            Lines = CompileRules(rules),
            Start = Start(),
            Kept = Try<int[]>("keep", [], node => [.. SourceFields.Words(node).Select(SlotOf)]),
            Variables = _scope.Variables.Count,
            Modes = modes,
            Select = select,
            ShowsLivesWhenOver = Try("lives_when_over", false, node => SourceFields.Choice(node, "zero", "kept") == 1),
        };
        return new GameDescription
        {
            Id = id,
            Md5 = Try("md5", "", FieldValues.Md5),
            MinimalActions = Try("actions", FieldValues.AllActions, FieldValues.Actions),
            LegalActions = Try("legal", FieldValues.AllActions, FieldValues.Actions),
            StartingActions = Try<IReadOnlyList<StartingAction>>("begin", [], FieldValues.StartingActions),
            Modes = modes,
            DefaultMode = defaultMode,
            Difficulties = Numbers("difficulties", [0], 3),
            Properties = Try("console", new ConsoleProperties(), node => ConsoleFields.Read(node, _problems)),
            CreateRules = () => new TableRules(program),
        };
    }

    /// <summary>All names first: a line may use what the frame before left in a later one, and scripts what the rules state.</summary>
    private List<Line> DeclareRules()
    {
        var lines = new List<Line>();
        if (_fields.GetValueOrDefault("rules") is not { } node)
        {
            return lines;
        }

        _problems.Guard(() =>
        {
            foreach (var (key, child) in SourceFields.Group(node).Children)
            {
                _problems.Guard(() => Declare(key, child, lines));
            }

            if (!lines.Exists(line => line.Slot == Scope.Over))
            {
                _problems.Add(node.At, "'rules' lacks 'over'; a game that never ends says 'over: 0'");
            }
        });
        return lines;
    }

    private (int, Expression)[] CompileRules(List<Line> lines)
    {
        var compiled = new List<(int, Expression)>();
        foreach (var line in lines)
        {
            _problems.Guard(() => compiled.Add((line.Slot, GameParser.Read(SourceFields.Text(line.Value), _scope))));
        }

        var hasScore = lines.Exists(line => line.Slot == Scope.Score);
        if (hasScore && !lines.Exists(line => line.Slot == Scope.Reward))
        {
            compiled.Add((Scope.Reward, GameParser.Read(new SourceSpan("delta", 1, 1), _scope)));
        }

        return [.. compiled];
    }

    private void Declare(SourceSpan key, SourceNode child, List<Line> lines)
    {
        var words = GameLexer.Instance.Read(key);
        if (words[0].Kind != TokenKind.Name || Scope.Reserved.Contains(words[0].Text))
        {
            throw key.Wrong(0, $"'{key.Text}' cannot be the name of a variable");
        }

        if (words[1].Kind == TokenKind.End)
        {
            if (lines.Exists(line => line.Name == key.Text))
            {
                throw key.Wrong(0, $"'{key.Text}' is there twice; give the first one another name");
            }

            lines.Add(new Line(key.Text, _scope.Declare(words[0].Text), child));
            return;
        }

        var body = SourceFields.Text(child);
        _scope.Define(words[0].Text, new Function(Parameters(key, words), body, GameLexer.Instance.Read(body)));
    }

    /// <summary>name(a, b): the words between the brackets.</summary>
    private static List<string> Parameters(SourceSpan key, List<Token> words)
    {
        var isCall = words.Count >= 5 && words[1].Is("(") && words[^2].Is(")");
        for (var i = 2; isCall && i < words.Count - 2; i++)
        {
            isCall = i % 2 == 0 ? words[i].Kind == TokenKind.Name && !Scope.Reserved.Contains(words[i].Text) : words[i].Is(",");
        }

        return isCall && words.Count % 2 == 1
            ? [.. words[2..^2].Where((_, i) => i % 2 == 0).Select(word => word.Text)]
            : throw key.Wrong(0, $"'{key.Text}' is neither a name nor a function such as 'digit(v)'");
    }

    private int[] Start()
    {
        var start = new int[_scope.Variables.Count];
        foreach (var (key, child) in Try("start", new SourceNode.Map(default, []), SourceFields.Group).Children)
        {
            _problems.Guard(() => start[SlotOf(key)] = FieldValues.Constant(child, _scope));
        }

        return start;
    }

    private int SlotOf(SourceSpan name) => _scope.SlotOf(name.Text) is >= 0 and var slot
        ? slot
        : throw name.Wrong(0, $"'{name.Text}' is not a variable of the rules{SourceFields.Allowed(name.Text, _scope.Variables)}");

    private IReadOnlyList<int> Numbers(string field, IReadOnlyList<int> fallback, int most) =>
        Try(field, fallback, node => FieldValues.Numbers(node, most));

    private T Try<T>(string field, T fallback, Func<SourceNode, T> read) =>
        _problems.Try(_fields.GetValueOrDefault(field), fallback, read);

    /// <summary>A line of the rules.</summary>
    private sealed record Line(string Name, int Slot, SourceNode Value);
}
