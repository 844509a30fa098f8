using System.Globalization;

namespace Rapid.Environments.Tests.Atari.Assembly;

/// <summary>A mistake in a program.</summary>
internal sealed class AssemblyException(string file, int line, string message)
    : Exception($"{file}{(file.Length > 0 ? " " : "")}line {line}: {message}");

/// <summary>
/// Arithmetic of operands: decimal, $hexadecimal, %binary, 'c', names, * (the address of the statement), + - * /, shifts, &amp; |, the
/// prefixes - &lt; &gt; (low and high byte), parentheses.
/// </summary>
internal sealed class Expression(string text, int address, Func<string, int?> find, Func<string, AssemblyException> error)
{
    private int _at;
    private bool _known = true;

    /// <summary>The value, or null when it needs a name that is not defined yet.</summary>
    /// <exception cref="AssemblyException">The text is no expression.</exception>
    public int? Evaluate()
    {
        var value = Low();
        Skip();
        return _at < text.Length ? throw error($"unexpected '{text[_at..]}' in '{text}'") : _known ? value : null;
    }

    private int Low()
    {
        // A prefix for low or high byte takes everything that follows.
        if (Take("<<") || Take(">>"))
        {
            throw error($"a value is missing in '{text}'");
        }

        return Take("<") ? Low() & 0xFF : Take(">") ? Low() >> 8 & 0xFF : Bits();
    }

    private int Bits()
    {
        var value = Shift();
        while (true)
        {
            if (Take("&"))
            {
                value &= Shift();
            }
            else if (Take("|"))
            {
                value |= Shift();
            }
            else
            {
                return value;
            }
        }
    }

    private int Shift()
    {
        var value = Sum();
        while (true)
        {
            if (Take("<<"))
            {
                value <<= Sum();
            }
            else if (Take(">>"))
            {
                value >>= Sum();
            }
            else
            {
                return value;
            }
        }
    }

    private int Sum()
    {
        var value = Product();
        while (true)
        {
            if (Take("+"))
            {
                value += Product();
            }
            else if (Take("-"))
            {
                value -= Product();
            }
            else
            {
                return value;
            }
        }
    }

    private int Product()
    {
        var value = Factor();
        while (true)
        {
            if (Take("*"))
            {
                value *= Factor();
            }
            else if (Take("/"))
            {
                var divisor = Factor();
                value = divisor != 0 ? value / divisor : _known ? throw error($"division by zero in '{text}'") : 0;
            }
            else
            {
                return value;
            }
        }
    }

    private int Factor()
    {
        if (Take("-"))
        {
            return -Factor();
        }

        if (Take("("))
        {
            var value = Low();
            return Take(")") ? value : throw error($"')' is missing in '{text}'");
        }

        if (Take("*"))
        {
            return address;
        }

        if (Take("$"))
        {
            return Number(Word(char.IsAsciiHexDigit), 16);
        }

        if (Take("%"))
        {
            return Number(Word(c => c is '0' or '1'), 2);
        }

        if (Take("'"))
        {
            return _at + 1 < text.Length && text[_at + 1] == '\'' ? text[(_at += 2) - 2] : throw error($"a character is 'c', not {text}");
        }

        Skip();
        if (_at < text.Length && char.IsAsciiDigit(text[_at]))
        {
            return Number(Word(char.IsAsciiDigit), 10);
        }

        var name = Word(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '@');
        if (name.Length == 0)
        {
            throw error($"a value is missing in '{text}'");
        }

        var found = find(name);
        _known &= found is not null;
        return found ?? 0;
    }

    private int Number(string digits, int numberBase)
    {
        if (digits.Length is 0 or > 16)
        {
            throw error($"a number is missing in '{text}'");
        }

        return numberBase == 10 ? int.Parse(digits, CultureInfo.InvariantCulture) : Convert.ToInt32(digits, numberBase);
    }

    private string Word(Func<char, bool> belongs)
    {
        var start = _at;
        while (_at < text.Length && belongs(text[_at]))
        {
            _at++;
        }

        return text[start.._at];
    }

    private bool Take(string token)
    {
        Skip();
        // "<" alone is not half of a shift.
        var shift = token is "<" or ">" && _at + 1 < text.Length && text[_at + 1] == token[0];
        if (shift || !text.AsSpan(_at).StartsWith(token, StringComparison.Ordinal))
        {
            return false;
        }

        _at += token.Length;
        return true;
    }

    private void Skip()
    {
        while (_at < text.Length && text[_at] == ' ')
        {
            _at++;
        }
    }
}
