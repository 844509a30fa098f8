using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Rapid.Core;

namespace Rapid.Cli.Commands;

/// <summary>Options of the command line that take a whole number, written as in a spec.</summary>
internal static class NumberOption
{
    /// <summary>One that may be left out.</summary>
    public static Option<T?> Create<T>(string name, string description, T least, T most, string help = "N")
        where T : struct, INumber<T>
    {
        var allowed = string.Create(CultureInfo.InvariantCulture, $"allowed: {least} to {most}");
        return new Option<T?>(name)
        {
            Description = description,
            HelpName = help,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (!NumberReader.TryReadWhole(text, out var value))
                {
                    result.AddError($"{name}: '{text}' is not a whole number{NumberReader.Hint(text)}; {allowed}");
                    return null;
                }

                if (value < decimal.CreateChecked(least) || value > decimal.CreateChecked(most))
                {
                    result.AddError($"{name}: {text} is out of range; {allowed}");
                    return null;
                }

                return T.CreateChecked(value);
            },
        };
    }
}
