namespace Rapid.Environments.Tests.Atari.Assembly;

/// <summary>What the assembler made.</summary>
/// <param name="Image">Bytes from the lowest to the highest address that the program fills; gaps are zero.</param>
/// <param name="Origin">Address of the first byte.</param>
/// <param name="Symbols">Labels and equates.</param>
internal sealed record Program(byte[] Image, int Origin, IReadOnlyDictionary<string, int> Symbols);

/// <summary>
/// A small two-pass 6502 assembler. A line is <c>label: instruction operand ; comment</c> or <c>name = expression</c>. Names that begin
/// with @ are local to the label before them. Directives: .org address, .byte and .word lists, .fill count, value, .align size, .include
/// file, .sleep cycles (NOPs, and for an odd number one BIT $80). An operand is in the zero page when its value is known there in the first
/// pass and below $100.
/// </summary>
internal sealed class Assembler(Func<string, string>? include)
{
    private const int Limit = 0x10000;

    private readonly Dictionary<string, int> _symbols = new(StringComparer.Ordinal);
    private readonly HashSet<int> _absolute = []; // statements whose operand was not known in the first pass
    private readonly byte[] _memory = new byte[Limit];
    private int _address, _start, _lowest = Limit, _end, _line, _statement;
    private bool _last;
    private string _scope = "", _file = "";

    /// <param name="source">The program.</param>
    /// <param name="include">Text of a file that the program includes.</param>
    /// <exception cref="AssemblyException">A line is wrong.</exception>
    public static Program Assemble(string source, Func<string, string>? include = null)
    {
        var assembler = new Assembler(include);
        assembler.Pass(source, last: false);
        assembler.Pass(source, last: true);
        return assembler._lowest >= assembler._end
            ? throw assembler.Error("the program is empty")
            : new Program(assembler._memory[assembler._lowest..assembler._end], assembler._lowest, assembler._symbols);
    }

    private void Pass(string source, bool last)
    {
        (_last, _address, _scope, _statement) = (last, 0, "", 0);
        Read(source, "");
    }

    private void Read(string source, string file)
    {
        var including = (_line, _file);
        (_line, _file) = (0, file);
        foreach (var line in source.TrimEnd('\n').Split('\n'))
        {
            (_line, _statement) = (_line + 1, _statement + 1);
            var text = line.Replace('\t', ' ').TrimEnd('\r');
            var comment = text.IndexOf(';', StringComparison.Ordinal);
            Statement((comment < 0 ? text : text[..comment]).Trim());
        }

        if (file.Length > 0)
        {
            (_line, _file) = including;
        }
    }

    private void Statement(string text)
    {
        _start = _address;
        if (text.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0)
        {
            Define(text[..colon].Trim(), _address);
            text = text[(colon + 1)..].Trim();
        }

        if (text.Length == 0)
        {
            return;
        }

        if (text.IndexOf('=', StringComparison.Ordinal) is var equals and > 0)
        {
            var name = text[..equals].Trim();
            var value = Value(text[(equals + 1)..]);
            if (value is not null)
            {
                Define(name, value.Value);
            }

            return;
        }

        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var (word, rest) = space < 0 ? (text, "") : (text[..space], text[space..].Trim());
        word = word.ToLowerInvariant();
        if (word[0] == '.')
        {
            Directive(word, rest);
        }
        else
        {
            Instruction(word, rest);
        }
    }

    private void Define(string name, int value)
    {
        if (name.Length == 0 || !(char.IsAsciiLetter(name[0]) || name[0] is '_' or '@')
            || !name[1..].All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw Error($"'{name}' is no name");
        }

        var full = name[0] == '@' ? _scope + name : name;
        if (_symbols.TryGetValue(full, out var old) && (!_last || old != value))
        {
            throw Error(_last ? $"'{name}' is {old} in the first pass and {value} in the second" : $"'{name}' is defined twice");
        }

        _symbols[full] = value;
        _scope = name[0] == '@' ? _scope : name;
    }

    private void Directive(string word, string rest)
    {
        switch (word)
        {
            case ".org":
                _address = Range(Known(rest), 0, Limit - 1);
                break;
            case ".byte":
                foreach (var item in rest.Split(','))
                {
                    Emit(Range(Value(item) ?? 0, -128, 255));
                }

                break;
            case ".word":
                foreach (var item in rest.Split(','))
                {
                    EmitWord(Range(Value(item) ?? 0, -32768, 65535));
                }

                break;
            case ".fill":
                var parts = rest.Split(',');
                var count = Range(Known(parts[0]), 0, Limit);
                var value = parts.Length > 1 ? Range(Value(parts[1]) ?? 0, -128, 255) : 0;
                for (var i = 0; i < count; i++)
                {
                    Emit(value);
                }

                break;
            case ".align":
                var size = Range(Known(rest), 1, Limit);
                while (_address % size != 0)
                {
                    Emit(0);
                }

                break;
            case ".include":
                Read(include?.Invoke(rest) ?? throw Error($"there is no file '{rest}' to include"), rest);
                break;
            case ".sleep":
                var cycles = Known(rest);
                if (cycles is not (0 or (> 1 and < 1000)))
                {
                    throw Error($".sleep takes 0 or 2..999 cycles, not {cycles}");
                }

                if (cycles % 2 == 1)
                {
                    Emit(0x24);
                    Emit(0x80);
                    cycles -= 3;
                }

                for (; cycles > 0; cycles -= 2)
                {
                    Emit(0xEA);
                }

                break;
            default:
                throw Error($"there is no directive {word}; known are .org .byte .word .fill .align .include .sleep");
        }
    }

    private void Instruction(string mnemonic, string operand)
    {
        if (!Opcodes.All.TryGetValue(mnemonic, out var modes))
        {
            throw Error($"there is no instruction '{mnemonic}'");
        }

        var (candidates, expression) = Parse(operand, modes);
        var value = expression is null ? 0 : Value(expression);
        if (!_last && value is null)
        {
            _absolute.Add(_statement);
        }

        Mode[] possible = [.. candidates.Where(modes.ContainsKey)];
        var mode = possible.Length == 0 ? throw Error($"{mnemonic} cannot take the operand '{operand}'")
            : possible.Length == 1 || (value is >= 0 and < 256 && !_absolute.Contains(_statement)) ? possible[0] : possible[1];
        Emit(modes[mode]);
        if (mode == Mode.Relative)
        {
            var distance = _last ? value!.Value - (_start + 2) : 0;
            Emit(distance is >= -128 and <= 127
            ? distance
            : throw Error($"'{operand}' is {distance} bytes away; a branch reaches -128..127"));
        }
        else if (Size(mode) == 2)
        {
            EmitWord(Range(value ?? 0, 0, 65535));
        }
        else if (Size(mode) == 1)
        {
            Emit(Range(value ?? 0, mode == Mode.Immediate ? -128 : 0, 255));
        }
    }

    /// <summary>The modes that an operand may mean, preferred first, and its expression.</summary>
    private static (Mode[] Candidates, string? Expression) Parse(string operand, IReadOnlyDictionary<Mode, byte> modes)
    {
        if (operand.Length == 0 || operand is "a" or "A")
        {
            return ([Mode.Accumulator, Mode.Implied], null);
        }

        if (operand[0] == '#')
        {
            return ([Mode.Immediate], operand[1..]);
        }

        var compact = operand.Replace(" ", "", StringComparison.Ordinal);
        var lower = compact.ToLowerInvariant();
        if (compact[0] == '(' && lower.EndsWith(",x)", StringComparison.Ordinal))
        {
            return ([Mode.IndirectX], compact[1..^3]);
        }

        if (compact[0] == '(' && lower.EndsWith("),y", StringComparison.Ordinal))
        {
            return ([Mode.IndirectY], compact[1..^3]);
        }

        if (compact[0] == '(' && compact[^1] == ')' && modes.ContainsKey(Mode.Indirect))
        {
            return ([Mode.Indirect], compact[1..^1]);
        }

        return lower.EndsWith(",x", StringComparison.Ordinal) ? ([Mode.ZeroPageX, Mode.AbsoluteX], compact[..^2])
            : lower.EndsWith(",y", StringComparison.Ordinal) ? ([Mode.ZeroPageY, Mode.AbsoluteY], compact[..^2])
            : modes.ContainsKey(Mode.Relative) ? ([Mode.Relative], compact)
            : ([Mode.ZeroPage, Mode.Absolute], compact);
    }

    private static int Size(Mode mode) => mode switch
    {
        Mode.Implied or Mode.Accumulator => 0,
        Mode.Absolute or Mode.AbsoluteX or Mode.AbsoluteY or Mode.Indirect => 2,
        _ => 1,
    };

    private int? Value(string expression) => new Expression(expression.Trim(), _start, Find, Error).Evaluate();

    private int? Find(string name) => _symbols.TryGetValue(name[0] == '@' ? _scope + name : name, out var value) ? value
        : _last ? throw Error($"'{name}' is not defined") : null;

    private int Known(string expression) =>
        Value(expression) ?? throw Error($"'{expression}' must be known here: define its names above");

    private int Range(int value, int low, int high) =>
        value >= low && value <= high ? value : throw Error($"{value} is outside {low}..{high}");

    private void EmitWord(int value)
    {
        Emit(value & 0xFF);
        Emit(value >> 8 & 0xFF);
    }

    private void Emit(int value)
    {
        if (_address >= Limit)
        {
            throw Error("the program goes beyond $FFFF");
        }

        (_lowest, _end) = (Math.Min(_lowest, _address), Math.Max(_end, _address + 1));
        _memory[_address++] = (byte)value;
    }

    private AssemblyException Error(string message) => new(_file, _line, message);
}
