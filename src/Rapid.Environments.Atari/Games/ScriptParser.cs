using Rapid.Environments.Languages;

namespace Rapid.Environments.Atari.Games;

/// <summary>Compiles the script that selects a mode.</summary>
internal static class ScriptParser
{
    private const int MostDepth = 16;

    private const string Allowed =
        "press FRAMES, reset, act ACTION, until CONDITION [at most N] { ... }, repeat N { ... }, if CONDITION { ... } [else { ... }], "
        + "let NAME = VALUE, NAME = VALUE";

    /// <summary>Compiles a whole script.</summary>
    /// <exception cref="SourceException">It is not one.</exception>
    public static Statement Read(SourceSpan source, Scope scope)
    {
        var parser = new GameParser(source, GameLexer.Instance.Read(source), scope, isScript: true);
        var statements = new List<Statement>();
        while (parser.Next.Kind != TokenKind.End)
        {
            statements.Add(ReadStatement(parser, scope, 0));
        }

        return new Block(statements);
    }

    private static Statement ReadStatement(GameParser parser, Scope scope, int depth)
    {
        if (depth > MostDepth)
        {
            throw parser.Wrong($"nested more than {MostDepth} levels deep");
        }

        var token = parser.Next;
        if (token.Kind != TokenKind.Name)
        {
            throw parser.Wrong($"{token.Describe()} is no step; allowed: {Allowed}");
        }

        parser.Take();
        switch (token.Text)
        {
            case "press":
                return new PressSelect(parser.ReadExpression());
            case "reset":
                return new SoftReset();
            case "act":
                return new Act(ReadAction(parser));
            case "until":
                var condition = parser.ReadExpression();
                var most = Until.DefaultMost;
                if (parser.TryTake("at"))
                {
                    parser.Expect("most");
                    most = ReadCount(parser);
                }

                return new Until(condition, most, ReadBlock(parser, scope, depth));
            case "repeat":
                return new Repeat(ReadCount(parser), ReadBlock(parser, scope, depth));
            case "if":
                var test = parser.ReadExpression();
                var then = ReadBlock(parser, scope, depth);
                return new If(test, then, parser.TryTake("else") ? ReadBlock(parser, scope, depth) : null);
            case "let":
                return ReadDeclaration(parser, scope);
            default:
                return ReadAssignment(parser, scope, token);
        }
    }

    private static Block ReadBlock(GameParser parser, Scope scope, int depth)
    {
        parser.Expect("{");
        var statements = new List<Statement>();
        while (!parser.TryTake("}"))
        {
            statements.Add(ReadStatement(parser, scope, depth + 1));
        }

        return new Block(statements);
    }

    private static int ReadAction(GameParser parser)
    {
        if (ActionNames.Find(parser.Next.Text) is not (>= 0 and < ActionNames.Reset and var action))
        {
            throw parser.Wrong($"{parser.Next.Describe()} is no action; allowed: {string.Join(' ', ActionNames.All)}");
        }

        parser.Take();
        return action;
    }

    private static int ReadCount(GameParser parser)
    {
        var count = parser.ReadConstant();
        return count is > 0 and <= Until.DefaultMost ? count : throw parser.Wrong($"{count} times; allowed: 1..{Until.DefaultMost}");
    }

    private static Assign ReadDeclaration(GameParser parser, Scope scope)
    {
        var name = parser.Next;
        if (name.Kind != TokenKind.Name || Scope.Reserved.Contains(name.Text))
        {
            throw parser.Wrong($"{name.Describe()} cannot be the name of a variable");
        }

        parser.Take();
        parser.Expect("=");
        var value = parser.ReadExpression();
        return new Assign(scope.Declare(name.Text), value);
    }

    private static Assign ReadAssignment(GameParser parser, Scope scope, Token name)
    {
        if (!parser.Next.Is("=") || scope.SlotOf(name.Text) is not (>= 0 and var slot))
        {
            var hint = scope.HintFor(name.Text);
            throw parser.WrongAt(name, $"{name.Describe()} is no step{(hint.Length > 0 ? hint : ";")} allowed: {Allowed}");
        }

        parser.Expect("=");
        return new Assign(slot, parser.ReadExpression());
    }
}
