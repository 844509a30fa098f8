using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlScalar = YamlDotNet.Core.Events.Scalar;

namespace Rapid.Environments.Languages;

/// <summary>A description before it means anything, with the places of its parts.</summary>
/// <param name="At">Where it begins; of a value also what it says.</param>
internal abstract record SourceNode(SourceSpan At)
{
    private const int MostDepth = 8;

    /// <summary>A text.</summary>
    public sealed record Value(SourceSpan At) : SourceNode(At);

    /// <summary>Values in a row.</summary>
    public sealed record List(SourceSpan At, IReadOnlyList<SourceNode> Items) : SourceNode(At);

    /// <summary>Named parts in the order written.</summary>
    public sealed record Map(SourceSpan At, IReadOnlyList<(SourceSpan Key, SourceNode Child)> Children) : SourceNode(At);

    /// <summary>Reads one YAML document.</summary>
    /// <param name="yaml">Its text.</param>
    /// <param name="what">What it describes, for messages: "a game".</param>
    /// <param name="needed">A field that it cannot be without.</param>
    /// <exception cref="SourceException">It is not YAML, or not one map, or nested too deeply, or uses aliases.</exception>
    public static Map Read(string yaml, string what, string needed)
    {
        var parser = new Parser(new StringReader(yaml));
        try
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                throw Wrong(1, 1, $"the file says nothing; {what} needs at least '{needed}'");
            }

            var root = Read(parser, yaml, 0);
            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out var second))
            {
                throw Wrong(second.Start.Line, second.Start.Column, $"a second document; {what} is one document");
            }

            return root as Map ?? throw root.At.Wrong(0, $"{what} is made of fields such as '{needed}: ...', not of a single value");
        }
        catch (YamlException error)
        {
            throw Wrong(error.Start.Line, error.Start.Column, $"this is not valid YAML: {error.Message}{Hint(error)}");
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // What YamlDotNet's scanner throws for a plain value without a character, and for tags that are no addresses.
            throw Wrong(parser.Current?.End.Line ?? 1, 1, $"this is not valid YAML: {error.Message}");
        }
    }

    private static SourceNode Read(Parser parser, string yaml, int depth)
    {
        var start = parser.Consume<ParsingEvent>();
        if (depth > MostDepth)
        {
            throw Wrong(start.Start.Line, start.Start.Column, $"nested more than {MostDepth} levels deep");
        }

        switch (start)
        {
            case YamlScalar scalar:
                return new Value(Span(scalar, yaml));
            case SequenceStart:
                var items = new List<SourceNode>();
                while (!parser.TryConsume<SequenceEnd>(out _))
                {
                    items.Add(Read(parser, yaml, depth + 1));
                }

                return new List(Place(start), items);
            case MappingStart:
                var children = new List<(SourceSpan, SourceNode)>();
                while (!parser.TryConsume<MappingEnd>(out _))
                {
                    var key = parser.Consume<ParsingEvent>() is YamlScalar name
                        ? Span(name, yaml)
                        : throw Wrong(start.Start.Line, start.Start.Column, "a key must be a name");
                    children.Add((key, Read(parser, yaml, depth + 1)));
                }

                return new Map(Place(start), children);
            default:
                throw Wrong(start.Start.Line, start.Start.Column, "aliases (*name) are not used here; write the value out");
        }
    }

    /// <summary>What is most often behind it: an expression with a comma or an index in { }.</summary>
    private static string Hint(YamlException error) =>
        error.Message.Contains("flow", StringComparison.Ordinal) ? " Inside { } a value with a comma or a bracket is put in quotes." : "";

    /// <summary>A plain text as it stands in the file, so that places in it are places in the file.</summary>
    private static SourceSpan Span(YamlScalar scalar, string yaml)
    {
        var (start, end) = (scalar.Start, scalar.End);
        if (scalar.Style != ScalarStyle.Plain && scalar.Value.Contains('\0', StringComparison.Ordinal))
        {
            // No path can have it, and the system would say so in words that name no field.
            throw Wrong(start.Line, start.Column, "a text with the character U+0000 is not allowed");
        }

        return scalar.Style == ScalarStyle.Plain
            ? new(yaml[(int)start.Index..(int)end.Index].TrimEnd(), (int)start.Line, (int)start.Column)
            : new(scalar.Value, (int)start.Line, (int)start.Column + 1);
    }

    private static SourceSpan Place(ParsingEvent at) => new("", (int)at.Start.Line, (int)at.Start.Column);

    private static SourceException Wrong(long line, long column, string message) =>
        new(new SourceProblem((int)Math.Max(1, line), (int)Math.Max(1, column), message));
}
